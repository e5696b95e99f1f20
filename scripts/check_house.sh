#!/bin/sh
# The rules of the house that the compiler does not check: sizes of files, a README per room, no leftovers.
set -eu
cd "$(dirname "$0")/.."
failures=0
complain() {
    echo "check: $1" >&2
    failures=$((failures + 1))
}

for file in $(git ls-files '*.swift' '*.c' '*.h' '*.py' '*.sh'); do
    [ -f "$file" ] || continue
    lines=$(wc -l <"$file")
    [ "$lines" -le 800 ] || complain "$file has $lines lines (800 at most): split it by what it does"
done
for folder in Sources/C/* Sources/Base/* Sources/Numerics/* Sources/Engine/* Sources/Tuner/* Sources/Harness/* Sources/Glue/* \
    Sources/Executables/* Sources/Lavoisier; do
    [ -f "$folder/README.md" ] || complain "$folder has no README.md"
done
if git grep -nwE 'TODO|FIXME|XXX' -- 'Sources' 'Tests' >&2; then complain "leftovers above"; fi
# The engine must start quickly: it does not link the tuner's linear algebra.
if [ -x .build/release/lavoisier ] && ldd .build/release/lavoisier | grep -q openblas; then
    complain "lavoisier links OpenBLAS"
fi
[ "$failures" -eq 0 ] || exit 1
echo "check: house rules hold"

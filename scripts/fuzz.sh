#!/bin/sh
# Fuzzes the readers for so many seconds: sh scripts/fuzz.sh [SECONDS] [further options of libFuzzer]
# New inputs are kept in .build/fuzz-corpus, and a finding in .build/fuzz-findings. `minimise` instead of the seconds makes
# the committed corpus anew from both, as small as its coverage allows.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-300}
[ $# -eq 0 ] || shift
export LAVOISIER_FUZZ=1 SWIFT_BACKTRACE=enable=no
swift build -c release --scratch-path .build/fuzz -Xswiftc -enable-testing --sanitize=fuzzer \
    -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address --product ReaderFuzzer
fuzzer=.build/fuzz/release/ReaderFuzzer
mkdir -p .build/fuzz-corpus .build/fuzz-findings
if [ "$seconds" = minimise ]; then
    rm -rf .build/fuzz-minimal
    mkdir .build/fuzz-minimal
    "$fuzzer" -merge=1 -max_len=6000 .build/fuzz-minimal Fuzzing/corpus .build/fuzz-corpus
    rm -rf Fuzzing/corpus
    mv .build/fuzz-minimal Fuzzing/corpus
    exit 0
fi
"$fuzzer" -dict=Fuzzing/mzml.dict -max_len=20000 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=128 \
    -artifact_prefix=.build/fuzz-findings/ -max_total_time="$seconds" "$@" .build/fuzz-corpus Fuzzing/corpus

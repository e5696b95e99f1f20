#!/bin/sh
# Measures the engine against its peers: sh scripts/bench.sh BIN [--runs N] [--large] [--reading-only] [--no-peers].
# The peers (pyopenms, pymzml, ms-entropy) go into a virtual environment in the cache folder. Where that cannot be, the
# engine's own figures are printed together with the reason.
set -eu
bin=${1:?"usage: bench.sh BIN [--runs N] [--large] [--reading-only] [--no-peers]"}
shift
here=$(cd "$(dirname "$0")" && pwd)
cache="${LAVOISIER_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/lavoisier}"
venv="$cache/bench-venv"
log="$cache/bench-venv.log"
requirements="pyopenms>=3.6,<3.7 pymzml>=2.6,<3"
matching_requirement="ms-entropy>=1.5.3,<1.6"
reason=""
peers=yes
count=$#
while [ "$count" -gt 0 ]; do
    argument=$1
    shift
    count=$((count - 1))
    if [ "$argument" = --no-peers ]; then peers=no; else set -- "$@" "$argument"; fi
done

install_python() {
    command -v python3 >/dev/null 2>&1 && python3 -c 'import ensurepip, venv' 2>/dev/null && return 0
    sh "$here/install_dependencies.sh" python3 python3-venv >&2 || true
    command -v python3 >/dev/null 2>&1
}

# Sets `reason` when the peers cannot be had.
install_peers() {
    if "$venv/bin/python" -c 'import pyopenms, pymzml' >/dev/null 2>&1; then return; fi
    mkdir -p "$cache"
    echo "bench: installing the peers into $venv" >&2
    # shellcheck disable=SC2086
    if ! { python3 -m venv --clear "$venv" &&
        "$venv/bin/python" -m pip install --disable-pip-version-check $requirements; } >"$log" 2>&1; then
        reason="pip could not install $requirements: $(grep -v '^ *$' "$log" | tail -n 1)"
        return
    fi
    if ! "$venv/bin/python" -c 'import pyopenms, pymzml' >"$log" 2>&1; then
        reason="the installed peers do not start: $(tail -n 1 "$log")"
    fi
}

# Library search against ms-entropy; on its own, because it is compiled where it has no wheel.
matching() {
    if ! "$venv/bin/python" -c 'import ms_entropy' >/dev/null 2>&1 &&
        ! "$venv/bin/python" -m pip install --disable-pip-version-check "$matching_requirement" >"$log" 2>&1; then
        echo "peer unavailable: pip could not install $matching_requirement: $(grep -v '^ *$' "$log" | tail -n 1)"
        return
    fi
    "$venv/bin/python" "$here/bench_matching.py" "$bin"
}

# Without Python: the engine's own accounts, median of five runs.
engine_alone() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    for workload in small medium; do
        for turn in 1 2 3 4 5; do
            "$bin/lavoisier" analyze "$here/../workloads/$workload" --output "$scratch/$workload-$turn" --quiet \
                --profile none --set execution.workers=1
            sed -n 's/^  "cpuSeconds" : \([0-9.e-]*\),$/\1/p' "$scratch/$workload-$turn/run.json"
        done | sort -g | sed -n "3s/^/$workload: engine, everything, CPU seconds of the process (median of 5): /p"
        "$bin/lavoisier" evaluate "$scratch/$workload-1" --truth "$here/../workloads/$workload/truth.tsv"
    done
    "$bin/lavoisier-annotation-benchmark"
    "$bin/lavoisier-reading-benchmark" compare "$here/../workloads/small/HILICNeg15_StdH1.mzML"
}

if ! install_python; then
    echo "peer unavailable: Python 3 with venv is missing and could not be installed"
    engine_alone
    exit 0
fi
if [ "$peers" = no ]; then reason="not asked for"; else install_peers; fi
case " $* " in
*" --reading-only "*) ;;
*)
    "$bin/lavoisier-annotation-benchmark"
    if [ "$peers" = yes ] && [ -x "$venv/bin/python" ]; then matching; fi
    ;;
esac
if [ -n "$reason" ]; then
    echo "peer unavailable: $reason" >&2
    exec python3 "$here/bench.py" --bin "$bin" --unavailable "$reason" "$@"
fi
exec python3 "$here/bench.py" --bin "$bin" --python "$venv/bin/python" "$@"

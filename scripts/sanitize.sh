#!/bin/sh
# Runs the tests under a sanitizer: sh scripts/sanitize.sh thread|address [options of 'swift test']
# Its build lies in .build/thread or .build/address, reports in .build/SANITIZER-reports; any report fails the run.
set -eu
cd "$(dirname "$0")/.."
sanitizer=${1:?name a sanitizer: thread or address}
shift
folder=.build/$sanitizer
reports=$PWD/.build/$sanitizer-reports
# Swift's runtime outside of the programs: what is linked into them comes before it.
export LAVOISIER_DYNAMIC=1
# Tests that hold a program to an address space or a memory are left out: a sanitizer takes its own.
export LAVOISIER_SANITIZER="$sanitizer"
linked=
case $sanitizer in
thread)
    mkdir -p "$folder"
    # The build looks at the name of what is linked, not at what is in it.
    object=$PWD/$folder/mutex_order-$(cksum <scripts/mutex_order.c | cut -d " " -f 1).o
    "$(dirname "$(command -v swiftc)")/clang" -O1 -fPIC -c -o "$object" scripts/mutex_order.c
    linked="-Xlinker $object"
    # A program with another environment writes to its standard error, and ends with 66.
    export TSAN_OPTIONS="log_path=$reports/report"
    ;;
address)
    # Leaks: what lives as long as the process (catalogs, caches) is no error of memory.
    export ASAN_OPTIONS="detect_leaks=0 log_path=$reports/report"
    ;;
*)
    echo "sanitize: '$sanitizer' is neither thread nor address" >&2
    exit 64
    ;;
esac
# shellcheck disable=SC2086
swift build -c release -Xswiftc -enable-testing --build-tests --sanitize="$sanitizer" --scratch-path "$folder" $linked
rm -rf "$reports"
mkdir -p "$reports"
# The test bundle by itself: the driver is no sanitized program.
status=0
"$folder/release/lavoisierPackageTests.xctest" --testing-library swift-testing "$@" || status=$?
if [ -n "$(ls -A "$reports")" ]; then
    echo "sanitize: reports of the $sanitizer sanitizer are in $reports" >&2
    exit 1
fi
echo "sanitize: no report of the $sanitizer sanitizer"
exit "$status"

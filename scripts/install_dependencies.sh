#!/bin/sh
# Installs the Debian packages named as arguments that are missing, and checks for Swift 6.3 or later.
set -eu

if ! command -v swift >/dev/null 2>&1; then
    echo "Swift is not installed. Get Swift 6.3 or later from https://www.swift.org/install/linux/ and put it on PATH." >&2
    exit 1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
major=${version%%.*}
minor=${version#*.}
if [ "${major:-0}" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 3 ]; }; then
    echo "Swift ${version:-of unknown version} is too old: Lavoisier needs 6.3 or later (https://www.swift.org/install/)." >&2
    exit 1
fi

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is not a Debian-like system. Install what these packages hold by other means, then run 'swift build':" >&2
    echo "  $*" >&2
    exit 0
fi
missing=""
for package in "$@"; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "Missing packages:$missing. Install them as root: apt-get install$missing" >&2
        exit 1
    }
    as_root=sudo
fi
echo "Installing:$missing"
$as_root apt-get update -qq || echo "apt-get update failed; trying with the package lists that are here." >&2
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null

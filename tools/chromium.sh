#!/bin/sh
# See to it that the browser tests find a Chromium: one that is installed (CHROMIUM=/path names another), or, for root on
# Debian or Ubuntu, the distribution's own package. Where neither is possible they are skipped, and this says so.
set -eu

for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done

skipped() {
    echo "No Chromium: $1. The browser tests will be skipped." >&2
    exit 0
}

command -v apt-get >/dev/null 2>&1 || skipped "install Chromium or Chrome, or name one with CHROMIUM=/path/to/it"
[ "$(id -u)" = 0 ] || skipped "it takes root to install it (apt-get install chromium)"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing Chromium for the browser tests"
# Bounded: a machine without a network goes on without a browser.
quickly="-o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
{ timeout 120 apt-get $quickly update && timeout 600 apt-get $quickly install --yes --no-install-recommends chromium fonts-dejavu-core; } \
    </dev/null >"$log" 2>&1 || {
    tail -n 3 "$log" >&2
    skipped "apt-get could not install it"
}
# On Ubuntu the package may be an empty one that stands for a snap.
command -v chromium >/dev/null 2>&1 || skipped "the package brought none"

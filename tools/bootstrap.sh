#!/bin/sh
# Make .venv ready: tools/bootstrap.sh requirements.txt | requirements-dev.txt
# Needs Python 3.11 with its venv module, and nothing else. PYTHON=... picks the interpreter.
# Quick when nothing has changed: .venv/<name>.installed holds the checksum of what was installed last.
set -eu

fail() {
    echo "$1" >&2
    exit 1
}

requirements=$1
cd "$(dirname "$0")/.."

base_of() { "$1" -c 'import sys; assert sys.version_info[:2] == (3, 11); print(sys.base_prefix)' 2>/dev/null || true; }

venv_base=$(base_of .venv/bin/python)
if [ -n "${PYTHON:-}" ] && [ "$(base_of "$PYTHON")" != "$venv_base" ]; then
    venv_base=
fi
checksum() { cat "$1" tools/uv.txt | cksum; }
if [ -n "$venv_base" ] && [ "$(cat ".venv/$requirements.installed" 2>/dev/null)" = "$(checksum "$requirements")" ]; then
    exit 0
fi

[ -w . ] || fail "This folder ($PWD) is not writable for $(id -un), so .venv cannot be made; use a folder of your own."
if [ -z "$venv_base" ]; then
    python=${PYTHON:-$(command -v python3.11 || command -v python3 || true)}
    [ -n "$python" ] || fail "Python 3.11 is needed and none was found; name one with PYTHON=/path/to/python3.11."
    [ -n "$(base_of "$python")" ] ||
        fail "Python 3.11 is needed, and $python is $("$python" --version 2>&1 | head -n 1); name another with PYTHON=/path/to/python3.11."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python lacks the venv module (on Debian and Ubuntu it is the package python3-venv)."
    echo "Creating .venv with $python"
    rm -rf .venv
    "$python" -m venv .venv
fi

# uv's cache lives in the home folder; some accounts have none.
if [ -z "${UV_CACHE_DIR:-}" ] && [ ! -w "${HOME:-/nonexistent}" ]; then
    export UV_CACHE_DIR="$PWD/.venv/uv-cache" PIP_NO_CACHE_DIR=1
fi
if ! .venv/bin/python -m uv --version >/dev/null 2>&1; then
    echo "Installing uv"
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/uv.txt
fi
# uv does not read pip's settings: pass on a mirror that was configured there.
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    mirror=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}
    [ -z "$mirror" ] || export UV_DEFAULT_INDEX="$mirror"
fi
if [ -z "${UV_FIND_LINKS:-}" ] && [ -n "${PIP_FIND_LINKS:-}" ]; then
    export UV_FIND_LINKS="$PIP_FIND_LINKS"
fi
echo "Installing what $requirements pins"
.venv/bin/python -m uv pip install --quiet --python .venv/bin/python --require-hashes -r "$requirements"
checksum "$requirements" >".venv/$requirements.installed"
if [ "$requirements" = requirements-dev.txt ]; then
    # It holds everything that requirements.txt does.
    checksum requirements.txt >.venv/requirements.txt.installed
fi

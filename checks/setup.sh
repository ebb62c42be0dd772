#!/bin/sh
# Make .venv in the checkout from requirements.lock: exact versions, hashes checked.
# Does nothing when the lock, pyproject.toml and the place of the checkout are as they were.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }

same() { [ "$(cat ".venv/$1" 2>/dev/null)" = "$2" ]; }

# Programs in .venv name its place, so a moved checkout needs a new one.
packages=$({ cat requirements.lock; pwd -P; } | cksum)
project=$(cksum <pyproject.toml)
install_project() {
    # The build tool is in the lock too, so nothing unpinned is fetched here.
    pip install --no-deps --no-build-isolation --editable .
    echo "$project" >.venv/installed-project
}
pip() {
    .venv/bin/python -m pip --disable-pip-version-check --no-input --quiet "$@"
}

if [ -x .venv/bin/python ] && same installed-packages "$packages"; then
    same installed-project "$project" || install_project
    exit 0
fi

command -v "$python" >/dev/null || {
    say "Python was not found. Install Python 3.11 or newer (Debian: apt install python3 python3-venv)."
    exit 2
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "$("$python" --version) is too old: Python 3.11 or newer is needed."
    say "If you have a newer one, name it: make setup PYTHON=python3.12"
    exit 2
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    say "This Python cannot make environments. Debian: apt install python3-venv"
    exit 2
}

say "Making the environment in .venv (once; one to three minutes, some 400 MB to download) ..."
rm -rf .venv
"$python" -m venv .venv
pip install --require-hashes --requirement requirements.lock
echo "$packages" >.venv/installed-packages
install_project
say "The environment is ready."

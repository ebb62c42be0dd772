#!/bin/sh
# Make .venv in the checkout: exact versions, hashes checked.
#   setup.sh user   what a user needs, from requirements.lock
#   setup.sh dev    that, and what tests and checks need, from requirements-dev.lock
# Does nothing when the locks, pyproject.toml and the place of the checkout are as they were.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-user}
python=${PYTHON:-python3}
tested="3.11, 3.12 or 3.13"
log=.venv/setup.log

say() { printf '%s\n' "$*" >&2; }

# The last thing a newcomer reads: what failed, and what to try.
fail() {
    if [ -s "$log" ]; then
        tail -n 8 "$log" | cut -c 1-300 | sed 's/^/  | /' >&2
        say "Set-up failed: $* (the end of the log stands above, all of it in $log)."
    else
        say "Set-up failed: $*."
    fi
    say "Try these, then give the same command again: a way to the package index (PIP_PROXY names a" \
        "proxy, PIP_INDEX_URL a mirror); 2 GB of free disk; another Python ($tested:" \
        "make setup PYTHON=python3.12); deleting .venv."
    exit 2
}
trap 'say "Set-up was stopped; the same command takes it up again."; exit 130' INT TERM HUP

logged() { "$@" >>"$log" 2>&1; }
pip() {
    logged .venv/bin/python -m pip --disable-pip-version-check --no-input "$@"
}

# A mark is written when its step is done, and only then.  Programs in .venv name its place, so a
# moved checkout needs a new one; so does a system whose Python was replaced by another release.
mark_of() { { cat "$1"; pwd -P; .venv/bin/python -V 2>&1; } | cksum; }
done_already() { [ "$(cat ".venv/installed-$1" 2>/dev/null)" = "$(mark_of "$2")" ]; }
mark() { mark_of "$2" 2>/dev/null >".venv/installed-$1" || fail ".venv cannot be written to"; }

check_python() {
    command -v "$python" >/dev/null || {
        say "Python was not found. Install Python $tested (Debian: apt install python3 python3-venv)."
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
}

make_environment() {
    check_python
    rm -rf .venv 2>/dev/null && mkdir .venv 2>/dev/null ||
        fail ".venv cannot be replaced; does it, or this folder, belong to another user"
    logged "$python" -m venv .venv || fail "an empty environment could not be made in .venv"
}

# A lock is complete by itself, so pip resolves nothing; and nothing is built from source, as that
# would fetch build tools that no lock holds.
install_lock() {
    rm -f .venv/installed-project
    pip install --no-deps --require-hashes --only-binary :all: --requirement "$2" ||
        fail "the packages of $2 could not be installed"
    mark "$1" "$2"
}

install_project() {
    pip install --no-deps --no-build-isolation --editable . ||
        fail "Workbench itself could not be installed"
    pip check || fail "the packages in .venv do not fit each other"
    mark project pyproject.toml
}

case $kind in
user) ;;
dev) # A package that has left the lock must leave .venv too.
    [ ! -e .venv/installed-dev ] || done_already dev requirements-dev.lock || rm -f .venv/installed-user
    ;;
*)
    say "usage: setup.sh [user|dev]"
    exit 2
    ;;
esac

if ! [ -x .venv/bin/python ] || ! done_already user requirements.lock; then
    say "Making the environment in .venv (once; one to two minutes, 220 MB to download, 1.3 GB on disk) ..."
    make_environment
    install_lock user requirements.lock
fi
if [ "$kind" = dev ] && ! done_already dev requirements-dev.lock; then
    say "Adding what tests and checks need ..."
    install_lock dev requirements-dev.lock
fi
if ! done_already project pyproject.toml; then
    install_project
    say "The environment is ready."
fi

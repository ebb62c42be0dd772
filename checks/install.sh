#!/bin/sh
# Install Workbench from the folder this lies in, without a network, or update it.
#   sh install.sh PLACE [WORKSPACE...]
# PLACE/releases/... gets an environment of its own; PLACE/current leads to the newest good one.
# Each WORKSPACE is opened by the new program first; one it cannot read leaves PLACE/current as it is.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
say() { printf '%s\n' "$*" >&2; }
fail() { say "Nothing was changed: $*"; exit 2; }

[ $# -ge 1 ] || { say "usage: sh install.sh PLACE [WORKSPACE...]"; exit 2; }
python=${PYTHON:-python3}
mkdir -p "$1" || fail "the folder $1 cannot be made."
place=$(cd "$1" && pwd -P)
shift

(cd "$here" && sha256sum --check --quiet --strict SHA256SUMS) ||
    fail "this folder is not as it was made: copy it again."
(cd "$here" && find . -type f ! -name SHA256SUMS) | while IFS= read -r file; do
    grep -qF "  $file" "$here/SHA256SUMS" || { say "$file was added later."; exit 1; }
done || fail "this folder is not as it was made: copy it again."
made_for=$(cat "$here/made-for")
this=$("$python" -c 'import platform, sys; print("%d.%d" % sys.version_info[:2], platform.machine())') ||
    fail "Python was not found. Name it: PYTHON=python3.12 sh install.sh ..."
[ "$made_for" = "$this" ] ||
    fail "the folder was made for Python and processor $made_for, here is $this. PYTHON=... names another Python."

mark=$(sha256sum "$here/SHA256SUMS" | cut -c 1-12)
new=$place/releases/$mark
log=$place/install-$mark.log
if [ ! -e "$new/whole" ]; then
    rm -rf "$new"
    say "Installing into $new ..."
    mkdir -p "$place/releases"
    pip() { "$new/bin/python" -m pip --disable-pip-version-check --no-input "$@" >>"$log" 2>&1; }
    { "$python" -m venv "$new" >>"$log" 2>&1 &&
        pip install --no-index --find-links "$here/wheels" --no-deps --require-hashes \
            --only-binary :all: --requirement "$here/requirements.lock" &&
        pip install --no-index --no-deps "$here"/wheels/workbench-*.whl &&
        pip check; } || {
        tail -n 5 "$log" | cut -c 1-300 >&2
        rm -rf "$new"
        fail "the packages could not be installed (the end of the log stands above, all in $log)."
    }
    : >"$new/whole"
fi

for workspace in "$@"; do
    # Each of these opens it, and answers 2 where it cannot; 1 only tells of problems.
    for verb in "report schedule" "collect status"; do
        code=0
        # shellcheck disable=SC2086  # two words on purpose
        said=$("$new/bin/workbench" $verb -w "$workspace" 2>&1) || code=$?
        [ "$code" -le 1 ] || {
            say "$said"
            fail "the new program does not read $workspace; $place/current is what it was." \
                "The new one is $new/bin/workbench."
        }
    done
done

ln -sfn "releases/$mark" "$place/current.new"
mv -T "$place/current.new" "$place/current"
say "Installed: $place/current/bin/workbench ($("$place/current/bin/workbench" --version))"

#!/bin/sh
# Fill a folder from which Workbench is installed without a network: offline.sh FOLDER
# Wheels of the exact versions in requirements.lock, hashes checked; Workbench's own; digests of all.
# For this machine's kind: the same processor and the same Python (3.11, 3.12 ...) must be there.
set -eu
cd "$(dirname "$0")/.."
folder=${1:?usage: offline.sh FOLDER}
python=.venv/bin/python

say() { printf '%s\n' "$*" >&2; }

[ -x "$python" ] || { say "There is no .venv. Run: make setup"; exit 2; }
if [ -e "$folder" ] && [ -n "$(ls -A "$folder")" ]; then
    say "The folder $folder holds something already. Name an empty or a new one."
    exit 2
fi
mkdir -p "$folder/wheels"
pip() { "$python" -m pip --disable-pip-version-check --no-input "$@" >&2; }

# WHEELS names a folder that has them already: then nothing is asked of the network.
if [ -n "${WHEELS:-}" ]; then
    from="--no-index --find-links $WHEELS"
else
    from=""
fi
# shellcheck disable=SC2086  # two words on purpose
pip download --quiet $from --no-deps --require-hashes --only-binary :all: \
    --requirement "${LOCK:-requirements.lock}" --dest "$folder/wheels" ||
    { say "The packages could not be had. What is missing stands above."; exit 2; }
pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$folder/wheels" . ||
    { say "Workbench's own wheel could not be built."; exit 2; }
cp "${LOCK:-requirements.lock}" "$folder/requirements.lock"
cp checks/install.sh "$folder/install.sh"
"$python" -c 'import platform, sys; print("%d.%d" % sys.version_info[:2], platform.machine())' \
    >"$folder/made-for"
(
    cd "$folder"
    find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS
)
say "The folder $folder is whole. Carry it to the hospital's machine, and there: sh install.sh PLACE"

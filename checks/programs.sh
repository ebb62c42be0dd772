#!/bin/sh
# Install the programs that some tests need, from Debian's packages, where that is allowed:
# as root or with a sudo that asks no password.  WORKBENCH_NO_APT=1 forbids it.
# Packages named behind it: only those.
# Never fails: what stays missing is skipped by the tests, and counted in their last line.
set -u

say() { printf '%s\n' "$*" >&2; }

found() {
    for program in "$@"; do
        [ -x "$program" ] && return 0
    done
    return 1
}

wanted=" $* "
missing=""
lacking() {
    case "$wanted" in
        "  " | *" $1 "*) missing="$missing $1" ;;
    esac
}
found /usr/sbin/Orthanc || lacking orthanc
[ -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so ] || lacking orthanc-dicomweb
found /usr/bin/dcmsend || lacking dcmtk
found /usr/bin/chromium || lacking chromium
found "$(command -v node)" /usr/bin/node /usr/local/bin/node || lacking nodejs
found "$(command -v npm)" /usr/bin/npm /usr/local/bin/npm || lacking npm
found /usr/lib/postgresql/*/bin/postgres || lacking postgresql
found /usr/bin/tesseract || lacking tesseract-ocr
found /usr/bin/pdftoppm || lacking poppler-utils
found /usr/bin/qpdf || lacking qpdf
there() { [ -e "$1" ]; }
there /usr/lib/*/libpangoft2-1.0.so.0 || lacking libpangoft2-1.0-0
there /usr/lib/*/libharfbuzz-subset.so.0 || lacking libharfbuzz-subset0
there /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf || lacking fonts-dejavu-core
found "$(command -v openssl)" /usr/bin/openssl || lacking openssl
[ -z "$missing" ] && exit 0

if [ "${WORKBENCH_NO_APT:-0}" = 1 ]; then
    say "Not installed, as WORKBENCH_NO_APT is set:$missing."
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    say "Not installed, as this system has no apt-get:$missing."
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    root=""
elif sudo -n true 2>/dev/null; then
    root="sudo -n"
else
    say "Not installed, as that needs root:$missing. (sudo apt install$missing)"
    exit 0
fi

# Orthanc and PostgreSQL would start a service each.  Debian's own switch against that is a
# policy-rc.d that answers 101; ours is removed at the end, a hospital's own is left alone.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '$root rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null && $root chmod 755 "$policy"
fi

apt() {
    $root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" \
        </dev/null >>"$log" 2>&1
}
log=$(mktemp)
say "Installing Debian packages for tests and checks:$missing (WORKBENCH_NO_APT=1 forbids it) ..."
apt update
for package in $missing; do
    apt install --yes --no-install-recommends "$package" || {
        say "  $package could not be installed:"
        tail -n 3 "$log" >&2
    }
done
rm -f "$log"
exit 0

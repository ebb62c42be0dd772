#!/bin/sh
# Check the JavaScript of the widgets: types with TypeScript, mistakes with Biome.
# npm fetches both when the lock changed, hashes checked, without running anything of theirs.
set -u
cd "$(dirname "$0")/.." || exit 2
tools=checks/javascript
bin=$tools/node_modules/.bin

say() { printf '%s\n' "$*" >&2; }

for program in node npm; do
    command -v "$program" >/dev/null && continue
    say "JavaScript cannot be checked without $program: install Node.js 18 or newer with npm (Debian: apt install nodejs npm)."
    [ "${WORKBENCH_NO_SKIPS:-0}" = 1 ] && exit 2
    say "SKIPPED: the widgets' JavaScript was NOT checked."
    exit 0
done

lock=$(cat $tools/package.json $tools/package-lock.json | cksum)
if [ "$(cat $tools/node_modules/installed-lock 2>/dev/null)" != "$lock" ]; then
    say "Fetching TypeScript and Biome into $tools/node_modules (once; 130 to 230 MB) ..."
    (cd $tools && npm ci --no-progress --loglevel=error >&2) || {
        say "npm could not fetch what $tools/package-lock.json names; its own words stand above."
        exit 2
    }
    echo "$lock" >$tools/node_modules/installed-lock
fi

# Both run, so that one look shows everything.
failed=0
"$bin/tsc" -p $tools || failed=1
"$bin/biome" lint --config-path=$tools --error-on-warnings widgets || failed=1
exit $failed

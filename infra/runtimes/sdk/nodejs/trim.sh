#!/bin/sh
# Leaves of an installed SDK what Node runs: declarations, source maps, and the second and third copies for bundlers and browsers go.
#   trim.sh FOLDER    with node_modules in it; the packages are moved to FOLDER itself
set -eu
cd "$1"
rm -f package.json package-lock.json node_modules/.package-lock.json
rm -rf node_modules/.bin
find node_modules -type d \( -name dist-types -o -name dist-es -o -name docs -o -name test -o -name tests \) -prune -exec rm -rf {} +
find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.md' -o -name '*.tsbuildinfo' \) -delete
find node_modules -type f \( -name '*.native.js' -o -name '*.browser.js' \) -delete
mv node_modules/* .
rmdir node_modules

#!/bin/sh
# The engine mounts the sandboxes' launcher by its path on the host. So the worker runs from a copy in the state directory, which has the same
# path in this container and on the host. Sandboxes of a former life keep what they have mounted.
set -eu

: "${HEARTH_STATE_DIR:?must be a directory mounted at the same path as on the host}"
home=$HEARTH_STATE_DIR/app
rm -rf "$home.new"
mkdir -p "$home.new"
for part in package.json dist libs infra prisma; do cp -R "/opt/hearth/$part" "$home.new/$part"; done
ln -s /opt/hearth/node_modules "$home.new/node_modules"
rm -rf "$home"
mv "$home.new" "$home"
chmod -R a+rX "$home"
cd "$home"
exec node dist/apps/worker/src/main.js

#!/bin/sh
# Runs once inside an image being built: what every runtime image shares, whatever its base.
#   setup.sh PACKAGE...   Debian packages that must be there (a debootstrap base has them already)
set -eu

missing=''
# Java links manual pages, which slim bases have no folder for.
mkdir -p /usr/share/man/man1
for package in "$@"; do
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
if [ -n "$missing" ]; then
  apt-get update
  # shellcheck disable=SC2086 # a list of words
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing
  rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/log/*
fi

# The user of Lambda's own images (runtime-api.md section 6). Plain appends: slim bases may lack useradd.
grep -q '^sbx_user1051:' /etc/passwd || {
  echo 'sbx_user1051:x:990:' >>/etc/group
  echo 'sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin' >>/etc/passwd
}
mkdir -p /var/task /var/runtime /var/lang/bin /opt /tmp /run/hearth /mnt
chmod 1777 /tmp

# The platform sets LANG=en_US.UTF-8 as Lambda does; the plain UTF-8 locale answers to that name too.
if [ -d /usr/lib/locale/C.utf8 ] && [ ! -e /usr/lib/locale/en_US.utf8 ]; then ln -s C.utf8 /usr/lib/locale/en_US.utf8; fi

#!/bin/sh
# Makes a minimal Debian root file system as a tar file, without documentation, translations and caches.
#   debootstrap.sh SUITE PACKAGES(comma-separated) MIRROR SECURITY_MIRROR PACKAGE_CACHE TARGET.tar [FROM.tar]
# With FROM, packages are added to that root file system: a third of the time. Needs root and `debootstrap`.
# Lines that start with WARNING are for the operator.
set -eu
suite=$1 packages=$2 mirror=$3 security=$4 cache=$5 target=$6 from=${7:-}

# In a mount namespace of its own with the tree in memory: dpkg syncs every file, which takes most of the time on a disk.
if [ -z "${HEARTH_UNSHARED:-}" ] && unshare --mount true 2>/dev/null; then
  HEARTH_UNSHARED=1 exec unshare --mount "$0" "$@"
fi
root=$(mktemp -d "${TMPDIR:-/tmp}/hearth-rootfs.XXXXXX")
leave() {
  if mountpoint -q "$root/proc"; then umount "$root/proc"; fi
  if mountpoint -q "$root"; then umount "$root"; fi
  rm -rf "$root"
}
trap leave EXIT
trap 'exit 130' INT TERM HUP
MEMORY_FREE_KB=2000000
if [ -n "${HEARTH_UNSHARED:-}" ] && [ "$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)" -gt $MEMORY_FREE_KB ]; then
  mount -t tmpfs -o size=1g,mode=755 tmpfs "$root" || echo 'no tmpfs here: going on with the disk'
fi
# mktemp makes it 0700, and it becomes the image's /.
chmod 755 "$root"
mkdir -p "$cache"

if [ -n "$from" ]; then
  tar -C "$root" -xf "$from"
  # The tar has an empty /dev, since engines bring their own; apt's signature check needs these.
  mknod -m 666 "$root/dev/null" c 1 3
  mknod -m 666 "$root/dev/zero" c 1 5
  mknod -m 666 "$root/dev/urandom" c 1 9
else
  # Suites younger than this machine's debootstrap are made as Debian's development suite is.
  scripts=/usr/share/debootstrap/scripts
  script=$scripts/$suite
  [ -e "$script" ] || script=$scripts/sid
  debootstrap --variant=minbase --cache-dir="$cache" --include="$packages" "$suite" "$root" "$mirror" "$script"
fi

# debootstrap knows the point release only: fixes since then come from the security suite.
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf 'deb %s %s main\ndeb %s %s-security main\n' "$mirror" "$suite" "$security" "$suite" >"$root/etc/apt/sources.list"
if ! { chroot "$root" apt-get update && chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get upgrade --yes; }; then
  echo "WARNING: $security could not be used: the $suite base is at its last point release, without later security updates"
fi

if [ -n "$from" ]; then
  # Java's packages ask for both: they run it once, and link its manual pages.
  mkdir -p "$root/usr/share/man/man1"
  mount -t proc proc "$root/proc"
  # shellcheck disable=SC2046 # a list of words
  chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $(echo "$packages" | tr , ' ')
  umount "$root/proc"
fi

rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/usr/share/doc/* "$root"/usr/share/man/* \
  "$root"/usr/share/info/* "$root"/usr/share/locale/* "$root"/tmp/* "$root"/dev/*
# Nothing of the machine that built it goes in.
rm -f "$root/etc/resolv.conf" "$root/etc/hostname" "$root/etc/apt/apt.conf.d/"*proxy*
printf 'deb http://deb.debian.org/debian %s main\ndeb http://deb.debian.org/debian-security %s-security main\n' "$suite" "$suite" \
  >"$root/etc/apt/sources.list"
tar -C "$root" --numeric-owner -cf "$target.part" .
mv "$target.part" "$target"

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { entriesOf } from './orphans.js';
import { engineIsElsewhere } from './owner.js';

const run = promisify(execFile);

/** The default of EphemeralStorage: the only size worth holding in reserve. */
export const DEFAULT_SCRATCH_MB = 512;

/** Nothing was taken for so long. */
const REFILL_AFTER_MS = 250;

/**
 * No journal and no table initialisation: nobody reads this file system after a crash, and what is not written is not
 * allocated. Direct I/O keeps the pages from being cached twice. `losetup -d` on a mounted device lets it go with the mount.
 */
const MAKE = `
truncate -s "$2M" "$1.img"
mkfs.ext4 -q -F -m 0 -O ^has_journal -E "lazy_itable_init=1,nodiscard,root_owner=$3:$4" "$1.img"
mkdir -p "$1"
device=$(losetup -f --show --direct-io=on "$1.img" 2>/dev/null || losetup -f --show "$1.img")
mount -t ext4 -o nodev,nosuid,noatime,noinit_itable "$device" "$1" || { losetup -d "$device"; exit 1; }
losetup -d "$device"
rmdir "$1/lost+found"
chmod 700 "$1"
`;

export interface ScratchVolume {
  /** Mount point on the host, an empty file system of exactly the asked size. */
  path: string;
}

/**
 * `/tmp` of the sandboxes: sparse ext4 images, loop-mounted, so that its size is a hard limit and its bytes are disk, not the
 * function's memory. A few of the default size are made ahead. Where the worker may not mount, `take` gives nothing and the
 * driver uses a tmpfs.
 */
export class ScratchVolumes {
  private readonly directory: string;
  private reserve: Promise<ScratchVolume | undefined>[] = [];
  private usable = true;
  private refilling: NodeJS.Timeout | undefined;
  private counter = 0;
  private closed = false;

  constructor(
    private readonly options: {
      /** Folder of all incarnations' volumes. */
      root: string;
      incarnation: string;
      user: { uid: number; gid: number };
      /** Volumes of the default size held ready. */
      reserve: number;
      report(message: string): void;
    },
  ) {
    this.directory = join(options.root, options.incarnation);
    if (process.getuid?.() !== 0) this.fallBack('Hearth does not run as root');
    else if (engineIsElsewhere()) this.fallBack('the worker runs in a container');
  }

  /** Starts making the reserve. */
  warmUp(): void {
    this.refill();
  }

  async take(sizeMb: number): Promise<ScratchVolume | undefined> {
    if (!this.usable) return undefined;
    if (sizeMb !== DEFAULT_SCRATCH_MB) return this.make(sizeMb);
    const ready = this.reserve.shift();
    this.refillLater();
    return (await ready) ?? this.make(sizeMb);
  }

  async release(volume: ScratchVolume): Promise<void> {
    await unmount(volume.path);
    await rm(volume.path, { recursive: true, force: true });
    await rm(`${volume.path}.img`, { force: true });
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.refilling);
    const ready = await Promise.all(this.reserve);
    this.reserve = [];
    await Promise.all(ready.filter((volume) => volume !== undefined).map((volume) => this.release(volume)));
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Unmounts and deletes the volumes of other incarnations. @returns how many mounts there were */
  async removeOrphans(): Promise<number> {
    let mounts = 0;
    for (const incarnation of await entriesOf(this.options.root)) {
      if (incarnation === this.options.incarnation) continue;
      const directory = join(this.options.root, incarnation);
      for (const mount of mountsBelow(directory)) {
        await unmount(mount);
        mounts += 1;
      }
      await rm(directory, { recursive: true, force: true });
    }
    return mounts;
  }

  /** The starts that are going on need the machine more. */
  private refillLater(): void {
    clearTimeout(this.refilling);
    this.refilling = setTimeout(() => this.refill(), REFILL_AFTER_MS).unref();
  }

  private refill(): void {
    while (this.usable && !this.closed && this.reserve.length < this.options.reserve) this.reserve.push(this.make(DEFAULT_SCRATCH_MB));
  }

  private async make(sizeMb: number): Promise<ScratchVolume | undefined> {
    const path = join(this.directory, String(this.counter++));
    const { uid, gid } = this.options.user;
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o711 });
      await run('/bin/sh', ['-ec', MAKE, 'scratch', path, String(sizeMb), String(uid), String(gid)], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
      return { path };
    } catch (error) {
      await rm(`${path}.img`, { force: true });
      this.fallBack((error as Error).message.trim().split('\n').at(-1) ?? 'unknown reason');
      return undefined;
    }
  }

  private fallBack(why: string): void {
    if (this.usable) this.options.report(`/tmp of functions is kept in memory and counts as theirs, since loop devices cannot be mounted: ${why}`);
    this.usable = false;
  }
}

/** Lazily: a killed sandbox's last process may still hold it for a moment. */
async function unmount(path: string): Promise<void> {
  try {
    await run('umount', ['-l', path]);
  } catch (error) {
    // Somebody else was quicker: what counts is that it is not mounted.
    if (mountPoints().includes(path)) throw error;
  }
}

/** Mount points below a directory, deepest first. */
function mountsBelow(directory: string): string[] {
  return mountPoints()
    .filter((path) => path.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length);
}

/** @param mountinfo of proc(5), in which blanks of paths are octal escapes */
export function mountPoints(mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((path) => path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
}

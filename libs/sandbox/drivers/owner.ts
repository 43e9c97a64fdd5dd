import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, readlinkSync, realpathSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { processIds } from './host-processes.js';

const TMPFS_MAGIC = 0x01021994;

/** Whose sandboxes these are: all lives of the worker on one state directory. Labels and directories carry both. */
export interface Owner {
  /** Hash of the state directory. */
  owner: string;
  /** This life of the worker. */
  incarnation: string;
  stateDirectory: string;
}

export function ownerOf(stateDirectory: string, incarnation: string): Owner {
  const owner = createHash('sha256').update(realpathSync(stateDirectory)).digest('hex').slice(0, 16);
  return { owner, incarnation, stateDirectory };
}

/**
 * Whether the engine sees other mounts than this process: the worker runs in a container beside it. Only paths that are the
 * same on both sides (the state directory) can be shared then, and nothing mounted later.
 */
export function engineIsElsewhere(): boolean {
  if (!existsSync('/.dockerenv') && !existsSync('/run/.containerenv')) return false;
  const mine = readlinkSync('/proc/self/ns/mnt');
  return !processIds().some((pid) => isEngineIn(pid, mine));
}

function isEngineIn(pid: number, mountNamespace: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'dockerd' && readlinkSync(`/proc/${pid}/ns/mnt`) === mountNamespace;
  } catch {
    // Ended meanwhile, or another user's and so not to be looked at.
    return false;
  }
}

/**
 * Where sandbox directories go: on a tmpfs when there is one, so that environment variables never reach a disk.
 * The folder is this owner's alone.
 */
export function controlRoot(owner: Owner): string {
  if (!engineIsElsewhere()) {
    for (const candidate of ['/run', '/dev/shm']) if (isWritableTmpfs(candidate)) return join(candidate, `hearth-${owner.owner}`);
  }
  return join(owner.stateDirectory, 'sandboxes', 'control');
}

function isWritableTmpfs(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return statfsSync(directory).type === TMPFS_MAGIC;
  } catch {
    // Not there or not ours: the next candidate is as good.
    return false;
  }
}

import { readFileSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { LABEL } from './container-options.js';
import { thawProcess } from './freezer.js';
import { endProcess, processIds } from './host-processes.js';
import type { Owner } from './owner.js';

/** Removes this owner's containers of other incarnations, and processes of theirs that outlive them. */
export async function removeContainersOfFormerLives(docker: Docker, owner: Owner): Promise<{ containers: number; processes: number }> {
  const mine = await docker.listContainers({ all: true, filters: { label: [`${LABEL.owner}=${owner.owner}`] } });
  const former = mine.filter((container) => container.Labels[LABEL.incarnation] !== owner.incarnation);
  await Promise.all(former.map((container) => removeContainer(docker.getContainer(container.Id))));
  const left = former.length === 0 ? [] : processIds().filter((pid) => isOfCgroup(pid, former));
  return { containers: former.length, processes: left.filter(endProcess).length };
}

/** Ends a container's processes, and those of its runtime beside it, which a runtime that hangs leaves spinning; then the container. */
export async function endProcessesOf(docker: Docker, name: string): Promise<void> {
  const container = (await docker.listContainers({ all: true, filters: { name: [`^/${name}$`] } }))[0];
  if (container === undefined) return;
  for (const pid of processIds()) if (isOfCgroup(pid, [container]) || commandLine(pid).includes(container.Id)) endProcess(pid);
  await removeContainer(docker.getContainer(container.Id));
}

/** Removes the directories of other incarnations below a folder that belongs to this owner. */
export async function removeDirectoriesOfFormerLives(root: string, owner: Owner): Promise<number> {
  let directories = 0;
  for (const incarnation of await entriesOf(root)) {
    if (incarnation === owner.incarnation) continue;
    directories += (await entriesOf(join(root, incarnation))).length;
    await rm(join(root, incarnation), { recursive: true, force: true });
  }
  return directories;
}

/** Removes this life's directory, and the owner's when no other life is in it. */
export async function removeOwnDirectory(root: string, owner: Owner): Promise<void> {
  await rm(join(root, owner.incarnation), { recursive: true, force: true });
  try {
    await rmdir(root);
  } catch (error) {
    if (!['ENOTEMPTY', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Names in a folder; none when there is no such folder. */
export async function entriesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function removeContainer(container: Docker.Container): Promise<void> {
  try {
    const { State } = await container.inspect();
    // A frozen process does not hear even SIGKILL on cgroup version 1.
    if (State.Pid > 0) thawProcess(State.Pid);
    await container.remove({ force: true, v: true });
  } catch (error) {
    // 404 not there any more, 409 being removed by somebody else.
    if (![404, 409].includes((error as { statusCode?: number }).statusCode ?? 0)) throw error;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // Ended meanwhile.
    return '';
  }
}

function isOfCgroup(pid: number, containers: { Id: string }[]): boolean {
  try {
    const cgroup = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    return containers.some((container) => cgroup.includes(container.Id));
  } catch {
    // Ended between the listing and now.
    return false;
  }
}

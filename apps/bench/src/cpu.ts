import { readdir, readFile } from 'node:fs/promises';

/** Ticks of /proc/PID/stat; 100 a second on every Linux that Node runs on. */
const TICK_US = 10_000;

interface Process {
  pid: number;
  parent: number;
  ticks: number;
}

/** CPU time so far, in µs, of a process and all its descendants. What has ended meanwhile is not counted. */
export async function cpuMicros(pid: number): Promise<number> {
  return sum(await processes(), new Set([pid]));
}

/** The same for everything that belongs to a platform: its processes, its embedded servers, and what runs in its sandboxes. */
export async function platformCpuMicros(pid: number, stateDir: string): Promise<number> {
  const all = await processes();
  const roots = new Set([pid]);
  // A sandbox has a directory of the platform mounted; an embedded server has one on its command line.
  for (const one of all) if ((await contains(one.pid, 'cmdline', stateDir)) || (await contains(one.pid, 'mountinfo', stateDir))) roots.add(one.pid);
  return sum(all, roots);
}

function sum(all: readonly Process[], roots: Set<number>): number {
  const counted = new Set(roots);
  for (let before = 0; before !== counted.size; ) {
    before = counted.size;
    for (const { pid, parent } of all) if (counted.has(parent)) counted.add(pid);
  }
  return all.reduce((total, { pid, ticks }) => total + (counted.has(pid) ? ticks : 0), 0) * TICK_US;
}

async function processes(): Promise<Process[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const found = await Promise.all(pids.map(read));
  return found.filter((one) => one !== undefined);
}

/** Undefined when it has ended meanwhile. */
async function read(pid: number): Promise<Process | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // After the name, which may hold anything: state, parent, ... user and system ticks as the 12th and 13th.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

async function contains(pid: number, file: string, text: string): Promise<boolean> {
  return (await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')).includes(text);
}

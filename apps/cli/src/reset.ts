import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import { OperatorError } from '@hearth/kernel';
import type { Installation } from './installation.js';
import { stop } from './stop.js';

const run = promisify(execFile);

/** Stops Hearth and deletes its state directory's content: functions, events, keys. Servers named by DATABASE_URL and REDIS_URL are not touched. */
export async function reset(place: Installation, arguments_: string[]): Promise<number> {
  const { stateDir } = place;
  if (!existsSync(stateDir) || (await readdir(stateDir)).length === 0) {
    console.log(`There is no state in ${stateDir}`);
    return 0;
  }
  if (!looksLikeState(stateDir)) throw new OperatorError(`${stateDir} does not look like a state directory of Hearth; nothing was deleted.`, 'Check HEARTH_STATE_DIR.');
  if (!arguments_.includes('--yes')) await confirm(stateDir);
  await stop(place);
  await unmountBelow(stateDir);
  for (const entry of await readdir(stateDir)) await rm(join(stateDir, entry), { recursive: true, force: true });
  console.log(`All state in ${stateDir} is deleted`);
  return 0;
}

function looksLikeState(stateDir: string): boolean {
  return ['hearth.log', 'postgres.json', 'master.key'].some((name) => existsSync(join(stateDir, name)));
}

async function confirm(stateDir: string): Promise<void> {
  if (!process.stdin.isTTY) throw new OperatorError('Deleting all state needs a confirmation, and there is no terminal to ask on.', 'Repeat with --yes.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Delete all functions, events and keys in ${stateDir}? [y/N] `);
  terminal.close();
  if (!/^y/i.test(answer)) throw new OperatorError('Nothing was deleted.', 'Repeat and answer y, or use --yes.');
}

/** A killed worker leaves the mounts of its sandboxes; deleting through one would reach what is mounted. */
async function unmountBelow(stateDir: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[4]?.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
    .filter((path): path is string => path !== undefined && path.startsWith(`${stateDir}/`))
    .sort((left, right) => right.length - left.length);
  for (const path of mounts) await run('umount', ['-l', path]);
}

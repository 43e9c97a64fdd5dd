import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { forgetPlatform, runningPlatform, startTicks, type Installation } from './installation.js';

/** Running invocations are given this long to end. */
const DRAIN_DEADLINE_MS = 60_000;
const KILL_DEADLINE_MS = 10_000;
const POLL_MS = 50;

/** Ends Hearth in order (SIGTERM), after a deadline by SIGKILL, and with it the embedded servers that a hard end would leave. */
export async function stop(place: Installation): Promise<number> {
  const running = await runningPlatform(place);
  if (running === undefined) {
    const orphans = await stopEmbedded(place);
    await forgetPlatform(place);
    console.log(orphans ? 'Hearth was not running; the database servers it had left were stopped' : 'Hearth is not running');
    return 0;
  }
  process.stderr.write(`Stopping Hearth (pid ${running.pid}) ...\n`);
  if (!(await end(running.pid, 'SIGTERM', DRAIN_DEADLINE_MS))) {
    process.stderr.write(`It did not end within ${DRAIN_DEADLINE_MS / 1000} s and is killed; accepted events are kept and run after the next start\n`);
    await end(running.pid, 'SIGKILL', KILL_DEADLINE_MS);
  }
  await stopEmbedded(place);
  await forgetPlatform(place);
  console.log('Hearth is stopped');
  return 0;
}

/** Returns whether there was something to stop. */
async function stopEmbedded(place: Installation): Promise<boolean> {
  const redis = await serverPid(join(place.stateDir, 'redis/redis.pid'), /(redis|valkey)-server/);
  const postgres = await serverPid(join(place.stateDir, 'postgres/data/postmaster.pid'), new RegExp(`postgres.*${place.stateDir}`));
  if (redis !== undefined) await end(redis, 'SIGTERM', KILL_DEADLINE_MS);
  if (postgres !== undefined) await end(postgres, 'SIGINT', DRAIN_DEADLINE_MS);
  return redis !== undefined || postgres !== undefined;
}

/** A pid file's process, when it is still the server it was. */
async function serverPid(file: string, commandPattern: RegExp): Promise<number | undefined> {
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n', 1)[0]); // No file: no server.
  if (!(pid > 1)) return undefined;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // No such process.
  return commandPattern.test(command.replaceAll('\0', ' ')) ? pid : undefined;
}

async function end(pid: number, signal: NodeJS.Signals, deadlineMs: number): Promise<boolean> {
  const identity = await startTicks(pid);
  if (identity === undefined) return true;
  process.kill(pid, signal);
  const deadline = Date.now() + deadlineMs;
  while ((await startTicks(pid)) === identity) {
    if (Date.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '@hearth/config';

/** Where one Hearth on this machine keeps what the command line needs to know of it. */
export interface Installation {
  settings: Settings;
  stateDir: string;
  /** The process that `up` started. */
  pidFile: string;
  /** Its standard output and error. */
  logFile: string;
  /** AWS credentials and config file of the first administrator key. */
  credentialsFile: string;
  configFile: string;
}

export function installation(settings: Settings): Installation {
  const stateDir = settings.HEARTH_STATE_DIR;
  const profileDir = settings.HEARTH_PROFILE_DIR ?? join(stateDir, 'profile');
  return {
    settings,
    stateDir,
    pidFile: join(stateDir, 'hearth.pid'),
    logFile: join(stateDir, 'hearth.log'),
    credentialsFile: join(profileDir, 'credentials'),
    configFile: join(profileDir, 'config'),
  };
}

export interface RunningPlatform {
  pid: number;
  /** Start time of the process in clock ticks since boot: tells it from a later process with the same id. */
  startTicks: string;
  endpoint: string;
  /** ISO time. */
  startedAt: string;
}

/** The platform that `up` started, if it is alive. */
export async function runningPlatform(place: Installation): Promise<RunningPlatform | undefined> {
  const text = await readFile(place.pidFile, 'utf8').catch(() => undefined); // Never started, or stopped in order.
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as RunningPlatform;
  return (await startTicks(record.pid)) === record.startTicks ? record : undefined;
}

export async function recordPlatform(place: Installation, platform: RunningPlatform): Promise<void> {
  await writeFile(place.pidFile, JSON.stringify(platform));
}

export async function forgetPlatform(place: Installation): Promise<void> {
  await rm(place.pidFile, { force: true });
}

/** Field 22 of /proc/PID/stat; undefined when there is no such process or it is a zombie. */
export async function startTicks(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''); // No such process.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

/** How this machine reaches the API. */
export function localEndpoint(settings: Settings): string {
  const host = settings.HEARTH_HOST === '0.0.0.0' ? '127.0.0.1' : settings.HEARTH_HOST;
  return `http://${host}:${settings.HEARTH_PORT}`;
}

export async function isHealthy(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/_hearth/health`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false; // Nothing listens there, or not yet.
  }
}

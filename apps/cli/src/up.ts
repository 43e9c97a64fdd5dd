import { spawn } from 'node:child_process';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OperatorError, projectRoot } from '@hearth/kernel';
import { forgetPlatform, isHealthy, localEndpoint, recordPlatform, runningPlatform, startTicks, type Installation } from './installation.js';
import { readProfile } from './profile.js';

/** Covers the first start, which sets up a database. */
const READY_DEADLINE_MS = 120_000;
const POLL_MS = 50;
const TELL_EVERY_MS = 5_000;

/** Starts Hearth in the background and waits until it answers. Does nothing when it runs. */
export async function up(place: Installation): Promise<number> {
  const running = await runningPlatform(place);
  if (running !== undefined) {
    if (!(await isHealthy(running.endpoint))) {
      throw new OperatorError(`Hearth is running (pid ${running.pid}) but does not answer at ${running.endpoint}.`, 'See ./hearth logs; ./hearth stop ends it.');
    }
    console.log(`Hearth is running at ${running.endpoint} (pid ${running.pid})`);
    return 0;
  }
  await assertPortFree(place.settings.HEARTH_HOST, place.settings.HEARTH_PORT, 'HEARTH_PORT');
  if (place.settings.HEARTH_INGRESS_PORT !== 0) await assertPortFree(place.settings.HEARTH_HOST, place.settings.HEARTH_INGRESS_PORT, 'HEARTH_INGRESS_PORT');
  if (place.settings.HEARTH_METRICS_PORT !== 0) await assertPortFree('127.0.0.1', place.settings.HEARTH_METRICS_PORT, 'HEARTH_METRICS_PORT');
  const known = await readProfile(place).catch(() => undefined); // Not there before the first start.
  const started = await launch(place);
  console.log(`Hearth is running at ${localEndpoint(place.settings)} (pid ${started.pid}, ready in ${(started.readyMs / 1000).toFixed(1)} s)`);
  const { accessKeyId, secretAccessKey } = await readProfile(place);
  if (accessKeyId !== known?.accessKeyId) {
    console.log(`\nAdministrator access key, shown this once and kept in ${place.credentialsFile} (mode 0600):\n  access key id      ${accessKeyId}\n  secret access key  ${secretAccessKey}`);
  }
  return 0;
}

async function launch(place: Installation): Promise<{ pid: number; readyMs: number }> {
  const endpoint = localEndpoint(place.settings);
  const begin = Date.now();
  // Others may pass through (the postgres user must reach its data) but not list.
  await mkdir(place.stateDir, { recursive: true, mode: 0o711 });
  const log = await open(place.logFile, 'a', 0o600);
  const { size: offset } = await stat(place.logFile);
  const child = spawn(process.execPath, [join(projectRoot(), 'dist/apps/hearth/src/main.js')], { cwd: projectRoot(), detached: true, stdio: ['ignore', log.fd, log.fd] });
  let failure: string | undefined;
  child.once('error', (error) => (failure = error.message));
  child.once('exit', (code, signal) => (failure ??= signal ? `it was ended by ${signal}` : `it ended with status ${code}`));
  child.unref();
  await log.close();
  await recordPlatform(place, { pid: child.pid!, startTicks: (await startTicks(child.pid!)) ?? '', endpoint, startedAt: new Date(begin).toISOString() });
  let told = begin;
  while (!(await isHealthy(endpoint))) {
    if (failure !== undefined) {
      await forgetPlatform(place);
      throw await startFailure(place, offset, failure);
    }
    if (Date.now() - begin > READY_DEADLINE_MS) {
      process.kill(child.pid!, 'SIGTERM');
      await forgetPlatform(place);
      throw new OperatorError(`Hearth did not answer at ${endpoint} within ${READY_DEADLINE_MS / 1000} s.`, 'See ./hearth logs.');
    }
    if (Date.now() - told >= TELL_EVERY_MS) {
      told = Date.now();
      process.stderr.write(`Starting Hearth: ${Math.round((told - begin) / 1000)} s\n`);
    }
    await delay(POLL_MS);
  }
  return { pid: child.pid!, readyMs: Date.now() - begin };
}

/** The platform prints an operator's fault as plain text, `hearth: SENTENCE REMEDY`. Everything else is JSON for machines. */
async function startFailure(place: Installation, offset: number, failure: string): Promise<OperatorError> {
  const lines = (await readFile(place.logFile)).subarray(offset).toString('utf8').split('\n').filter((line) => line.trim() !== '');
  const told = lines.findLast((line) => line.startsWith('hearth: '))?.slice('hearth: '.length);
  return new OperatorError(told ?? `Hearth does not start: ${fatalMessage(lines) ?? failure}.`, `Its log is ${place.logFile}.`);
}

function fatalMessage(lines: string[]): string | undefined {
  for (const line of lines.toReversed()) {
    if (!line.startsWith('{')) continue;
    try {
      const record = JSON.parse(line) as { level?: string; msg?: string };
      if ((record.level === 'error' || record.level === 'fatal') && record.msg) return record.msg;
    } catch {
      continue; // A line cut off by the process's end.
    }
  }
  return undefined;
}

async function assertPortFree(host: string, port: number, setting: string): Promise<void> {
  const server = createServer();
  const code = await new Promise<string | undefined>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
  if (code === 'EADDRINUSE') throw new OperatorError(`Port ${port} of ${host} is taken by another program.`, `End that program, or set ${setting} to a free port.`);
  if (code !== undefined) throw new OperatorError(`Hearth cannot listen on ${host}:${port} (${code}).`, `Set ${setting} (or HEARTH_HOST) to what this machine has.`);
}

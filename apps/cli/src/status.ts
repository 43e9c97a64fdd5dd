import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import { projectRoot } from '@hearth/kernel';
import { isHealthy, runningPlatform, type Installation } from './installation.js';
import { readProfile } from './profile.js';

/** 0 running and healthy, 1 running but not answering, 3 not running (as init scripts have it). */
export async function status(place: Installation): Promise<number> {
  const running = await runningPlatform(place);
  const { version } = JSON.parse(await readFile(join(projectRoot(), 'package.json'), 'utf8')) as { version: string };
  const rows: [string, string][] = [
    ['version', `Hearth ${version}, Node ${process.versions.node}`],
    ['state', place.stateDir],
  ];
  let code = 3;
  if (running === undefined) {
    rows.unshift(['hearth', 'not running (./hearth up starts it)']);
  } else {
    const healthy = await isHealthy(running.endpoint);
    code = healthy ? 0 : 1;
    rows.unshift(['hearth', `${healthy ? 'running' : 'running, but it does not answer'} (pid ${running.pid}, since ${running.startedAt})`], ['endpoint', running.endpoint]);
    rows.push(['postgres', place.settings.DATABASE_URL ? 'yours (DATABASE_URL)' : await embedded(join(place.stateDir, 'postgres/data/postmaster.pid'))]);
    rows.push(['redis', place.settings.REDIS_URL ? 'yours (REDIS_URL)' : await embedded(join(place.stateDir, 'redis/redis.pid'))]);
    if (healthy) rows.push(['functions', await functionCount(place, running.endpoint)]);
    rows.push(['log', place.logFile]);
  }
  for (const [name, value] of rows) console.log(`${name.padEnd(10)} ${value}`);
  return code;
}

async function embedded(pidFile: string): Promise<string> {
  const pid = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n', 1)[0]; // No file: not running.
  return pid ? `embedded (pid ${pid})` : 'embedded, not running';
}

async function functionCount(place: Installation, endpoint: string): Promise<string> {
  try {
    const profile = await readProfile(place);
    const client = new LambdaClient({ endpoint, region: place.settings.HEARTH_REGION, credentials: profile });
    let count = 0;
    for await (const page of paginateListFunctions({ client }, {})) count += page.Functions?.length ?? 0;
    return String(count);
  } catch (error) {
    return `not known: ${error instanceof Error ? error.message : String(error)}`;
  }
}

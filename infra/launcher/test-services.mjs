/**
 * Postgres and Redis for one test run, in a directory that is deleted with them. Writes their addresses to the file named by the first argument
 * when both are ready; ends on SIGTERM, or when the process that started it is gone.
 */
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { startEmbeddedPostgres, startEmbeddedRedis } from '../../dist/apps/hearth/src/embedded/index.js';

const logger = { info: console.log, warn: console.log };
const parent = process.ppid;
// Not $TMPDIR: the postgres user must be able to enter it.
const stateDir = await mkdtemp('/var/tmp/hearth-test-');
await chmod(stateDir, 0o711);
const servers = [];
let stopping = false;

async function stop(code) {
  if (stopping) return;
  stopping = true;
  await Promise.all(servers.map((server) => server.stop()));
  await rm(stateDir, { recursive: true, force: true });
  process.exit(code);
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => void stop(0));
setInterval(() => process.ppid !== parent && void stop(0), 1_000);

try {
  servers.push(await startEmbeddedPostgres({ stateDir, logger }));
  servers.push(await startEmbeddedRedis({ stateDir, logger }));
  const [postgres, redis] = servers;
  const admin = new URL(postgres.url);
  admin.pathname = '/postgres';
  const file = process.argv[2];
  await writeFile(`${file}.new`, `HEARTH_TEST_DATABASE_URL='${admin.href}'\nHEARTH_TEST_REDIS_URL='${redis.url}'\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
} catch (error) {
  console.log(error.remedy ? `hearth: ${error.message}\n        ${error.remedy}` : error);
  await stop(1);
}

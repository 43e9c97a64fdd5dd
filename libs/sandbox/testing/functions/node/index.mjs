import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { getHeapStatistics } from 'node:v8';

let count = 0;
const kept = [];

/** One probe per behaviour that the conformance suite asks for. */
const probes = {
  echo: (event) => event.value,
  count: () => ++count,
  /** Which of this sandbox's invocations it is. */
  tally: async (event) => {
    const answer = { pid: process.pid, number: ++count };
    if (event.ms) await new Promise((resolve) => setTimeout(resolve, event.ms));
    return answer;
  },
  env: () => process.env,
  /** What a function can see of how its runtime was started. */
  runtime: () => ({
    argv: process.argv,
    execArgv: process.execArgv,
    cwd: process.cwd(),
    heap: getHeapStatistics().heap_size_limit,
    locale: new Intl.NumberFormat().resolvedOptions().locale,
    zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    tmp: statfsSync('/tmp').blocks * statfsSync('/tmp').bsize,
    files: ['/var/task', '/opt', '/tmp', '/run/hearth'].map((path) => readdirSync(path).sort()),
    memory: ['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max'].filter((path) => existsSync(path)).map((path) => Number(readFileSync(path, 'utf8'))),
  }),
  kernel: () => readFileSync('/proc/version', 'utf8'),
  fetch: async ({ path }) => {
    const response = await fetch(`${process.env.AWS_ENDPOINT_URL}${path}`);
    return { status: response.status, body: await response.text() };
  },
  identity: () => ({ uid: process.getuid?.(), gid: process.getgid?.(), status: readFileSync('/proc/self/status', 'utf8') }),
  print: (event) => {
    for (const line of event.lines) console.log(line);
    process.stdout.write('last, without line feed');
    return 'printed';
  },
  raw: (event) => {
    writeSync(1, event.text);
    return 'written';
  },
  throw: () => {
    throw new TypeError('no such thing');
  },
  never: () => new Promise(() => setInterval(() => undefined, 1_000)),
  exit: (event) => process.exit(event.status),
  kill: () => new Promise(() => process.kill(process.pid, 'SIGKILL')),
  /** By another process, once this one has long waited for its next event: it does not run then. */
  exitLater: () => {
    const killer = `waits=0
      while [ $waits -lt 20 ]; do
        if grep -q '^State:.S' /proc/${process.pid}/status; then waits=$((waits + 1)); else waits=0; fi
        sleep 0.02
      done
      kill -9 ${process.pid}`;
    spawn('/bin/sh', ['-c', killer], { stdio: 'ignore', detached: true }).unref();
    return 'leaving';
  },
  /** A process and a worker thread that write down the time every few ms. */
  startTicking: async () => {
    const loop = 'while :; do date +%s%3N >>/tmp/ticks; sleep 0.02; done';
    spawn('/bin/sh', ['-c', loop], { stdio: 'ignore', detached: true }).unref();
    const { Worker } = await import('node:worker_threads');
    new Worker("setInterval(() => require('node:fs').appendFileSync('/tmp/ticks', Date.now() + '\\n'), 20)", { eval: true }).unref();
    while (!existsSync('/tmp/ticks') || readFileSync('/tmp/ticks', 'utf8').split('\n').length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  },
  ticks: async ({ after }) => {
    for (;;) {
      const ticks = readFileSync('/tmp/ticks', 'utf8').trim().split('\n').map(Number).sort((a, b) => a - b);
      if (ticks.at(-1) >= after) return ticks;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },
  leak: () => {
    for (;;) kept.push(Buffer.alloc(4 * 1024 * 1024, 1));
  },
  big: (event) => 'x'.repeat(event.bytes),
  write: (event) => {
    try {
      writeFileSync(event.path, 'x');
      return 'written';
    } catch (error) {
      return error.code;
    }
  },
  fill: (event) => {
    const chunk = Buffer.alloc(1024 * 1024, 1);
    const file = openSync('/tmp/filled', 'w');
    let written = 0;
    try {
      for (; written < event.mb; written++) writeSync(file, chunk);
      return { written };
    } catch (error) {
      return { written, code: error.code };
    } finally {
      closeSync(file);
    }
  },
  fork: async (event) => {
    const loop = `i=0; while [ $i -lt ${event.children} ]; do sleep 60 & i=$((i+1)); done`;
    const shell = spawn('/bin/sh', ['-c', loop], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    shell.stderr.on('data', (chunk) => (complaint += chunk));
    const status = await new Promise((resolve) => shell.once('exit', resolve));
    process.kill(-shell.pid, 'SIGKILL');
    return { status, complaint };
  },
  reach: (event) =>
    Promise.all(
      event.targets.map(
        ([host, port]) =>
          new Promise((resolve) => {
            const socket = connect({ host, port, timeout: 2_000 });
            const end = (result) => {
              socket.destroy();
              resolve(result);
            };
            socket.once('connect', () => end('connected'));
            socket.once('timeout', () => end('timeout'));
            socket.once('error', (error) => end(error.code));
          }),
      ),
    ),
};

export const handler = async (event) => probes[event.probe](event);

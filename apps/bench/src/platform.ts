import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CloudWatchLogsClient, FilterLogEventsCommand, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { OperatorError, projectRoot } from '@hearth/kernel';
import { Redis } from 'ioredis';
import yazl from 'yazl';
import { collectGarbage } from './garbage.js';
import { signedRequest } from './signed-request.js';

const START_DEADLINE_MS = 120_000;
const DRAIN_DEADLINE_MS = 180_000;

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** The function of all measurements: gives the event back. */
export const HANDLER = 'exports.handler = async (event) => event;\n';

/** A platform of the bench's own: fresh state, defaults, everything on. DATABASE_URL, REDIS_URL and DOCKER_HOST are used where set. */
export class BenchPlatform {
  private logs: CloudWatchLogsClient | undefined;

  private constructor(
    readonly endpoint: URL,
    readonly credentials: Credentials,
    readonly redisUrl: string,
    private readonly child: ChildProcess,
    readonly stateDir: string,
    private readonly redisPrefix: string,
    private readonly metricsUrl: string,
    private readonly role: string,
  ) {}

  /** @param settings beside the defaults */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<BenchPlatform> {
    const stateDir = await mkdtemp(join(tmpdir(), 'hearth-bench-'));
    await chmod(stateDir, 0o755); // Embedded Postgres runs as another user.
    const [port, metricsPort] = [await freePort(), await freePort()];
    const redisPrefix = `hearth-bench-${process.pid}-${port}`;
    const log = await open(join(stateDir, 'platform.log'), 'a');
    const child = spawn(process.execPath, ['--inspect-port=0', 'dist/apps/hearth/src/main.js'], {
      cwd: projectRoot(),
      env: {
        ...ownEnvironment(),
        HEARTH_PORT: String(port),
        HEARTH_METRICS_PORT: String(metricsPort),
        HEARTH_INGRESS_PORT: '0',
        HEARTH_STATE_DIR: stateDir,
        HEARTH_PROFILE_DIR: join(stateDir, 'profile'),
        HEARTH_REDIS_PREFIX: redisPrefix,
        // A claim for 16 sandboxes of one vCPU each must fit on any machine that runs the bench.
        HEARTH_SANDBOX_MEMORY_MB: '65536',
        ...settings,
      },
      stdio: ['ignore', log.fd, log.fd],
    });
    const endpoint = new URL(`http://127.0.0.1:${port}`);
    const end = Date.now() + START_DEADLINE_MS;
    while (!(await fetch(new URL('/_hearth/health', endpoint)).then((response) => response.ok, () => false))) {
      if (child.exitCode !== null || Date.now() > end) {
        child.kill('SIGKILL');
        throw new OperatorError(`The platform did not start: ${(await readFile(join(stateDir, 'platform.log'), 'utf8')).slice(-2_000)}`, 'Run ./hearth doctor.');
      }
      await wait(100);
    }
    await log.close();
    const profile = await readFile(join(stateDir, 'profile/credentials'), 'utf8');
    const value = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\S+)$`, 'm').exec(profile)?.[1] as string;
    const credentials = { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') };
    return new BenchPlatform(endpoint, credentials, process.env.REDIS_URL || (await embeddedRedis(stateDir)), child, stateDir, redisPrefix, `http://127.0.0.1:${metricsPort}/metrics`, await createRole(endpoint, credentials));
  }

  get port(): number {
    return Number(this.endpoint.port);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** So that what its memory is compared with is comparable. */
  collectGarbage(): Promise<void> {
    return collectGarbage(this.pid, join(this.stateDir, 'platform.log'));
  }

  /** Bytes of a freshly signed request. */
  sign(method: string, path: string, body: Buffer, headers: Record<string, string> = {}): Buffer {
    return signedRequest({ credentials: this.credentials, host: this.endpoint.host, method, path, body, headers });
  }

  /** Creates a function and waits until it can be invoked, without invoking it. */
  async deploy(name: string, code = HANDLER, options: { memoryMb?: number; files?: Readonly<Record<string, string>>; timeoutSeconds?: number } = {}): Promise<void> {
    const archive = new yazl.ZipFile();
    archive.addBuffer(Buffer.from(code), 'index.js');
    for (const [path, text] of Object.entries(options.files ?? {})) archive.addBuffer(Buffer.from(text), path);
    archive.end();
    const chunks: Buffer[] = [];
    for await (const chunk of archive.outputStream) chunks.push(chunk as Buffer);
    const definition = { FunctionName: name, Role: this.role, Runtime: 'nodejs22.x', Handler: 'index.handler', MemorySize: options.memoryMb ?? 1_769, Timeout: options.timeoutSeconds ?? 30, Code: { ZipFile: Buffer.concat(chunks).toString('base64') } };
    await this.call('POST', '/2015-03-31/functions', Buffer.from(JSON.stringify(definition)));
    const end = Date.now() + 30_000;
    while ((JSON.parse(await this.call('GET', `/2015-03-31/functions/${name}/configuration`)) as { State: string }).State !== 'Active') {
      if (Date.now() > end) throw new Error(`${name} did not become active`);
      await wait(50);
    }
  }

  /** One signed call. @throws unless the status is 2xx */
  async call(method: string, path: string, body = Buffer.alloc(0), headers: Record<string, string> = {}): Promise<string> {
    const bytes = this.sign(method, path, body, headers).toString('latin1');
    const head = bytes.slice(0, bytes.indexOf('\r\n\r\n')).split('\r\n').slice(1);
    const signed = Object.fromEntries(head.map((line) => line.split(': ') as [string, string]).filter(([name]) => name !== 'host' && name !== 'content-length'));
    const response = await fetch(new URL(path, this.endpoint), { method, headers: signed, body: method === 'GET' ? undefined : body });
    const text = await response.text();
    if (!response.ok || response.headers.has('x-amz-function-error')) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text;
  }

  /** Messages of a function from a time on (epoch ms) that match a filter pattern of CloudWatch Logs. */
  async functionLog(name: string, startTime: number, filterPattern: string): Promise<string[]> {
    this.logs ??= new CloudWatchLogsClient({ endpoint: this.endpoint.href, region: 'us-east-1', credentials: this.credentials });
    try {
      const { events = [] } = await this.logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, startTime, filterPattern }));
      return events.map(({ message }) => message!);
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return []; // It has not logged yet.
      throw error;
    }
  }

  /** Sandboxes of this platform by their state, embers among them. */
  async sandboxes(): Promise<Record<string, number>> {
    const text = await (await fetch(this.metricsUrl)).text();
    return Object.fromEntries([...text.matchAll(/^hearth_sandboxes\{state="(\w+)"\} (\d+)$/gm)].map(([, state, count]) => [state as string, Number(count)]));
  }

  /** Waits until so many sandboxes are in a state. */
  async untilSandboxes(state: string, count: number, limitMs = 30_000): Promise<void> {
    for (const end = Date.now() + limitMs; ; await wait(20)) {
      if (((await this.sandboxes())[state] ?? 0) === count) return;
      if (Date.now() > end) throw new Error(`Not ${count} sandboxes ${state} in time: ${JSON.stringify(await this.sandboxes())}`);
    }
  }

  /** Waits until embers are ready and none is being made. */
  async untilEmbers(limitMs = 30_000): Promise<void> {
    for (const end = Date.now() + limitMs; ; await wait(20)) {
      const { ember = 0, kindling = 0, creating = 0 } = await this.sandboxes();
      if (ember > 0 && kindling + creating === 0) return;
      if (Date.now() > end) throw new Error('No ember in time');
    }
  }

  /** Waits until the events accepted so far have run: the counter of event invocations stands where that of accepted ones does. */
  async drained(name: string): Promise<void> {
    const end = Date.now() + DRAIN_DEADLINE_MS;
    for (;;) {
      const text = await (await fetch(this.metricsUrl)).text();
      const count = (metric: string, label = '') => Number(new RegExp(`^${metric}\\{[^}]*function_name="${name}"[^}]*${label}[^}]*\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
      if (count('hearth_invocations_total', 'type="event"') >= count('hearth_async_events_received_total')) return;
      if (Date.now() > end) throw new Error('Accepted events did not run in time');
      await wait(100);
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await exited;
    }
    this.logs?.destroy();
    if (process.env.REDIS_URL) await forgetKeys(process.env.REDIS_URL, this.redisPrefix);
    await rm(this.stateDir, { recursive: true, force: true });
  }
}

async function createRole(endpoint: URL, credentials: Credentials): Promise<string> {
  const iam = new IAMClient({ endpoint: endpoint.href, region: 'us-east-1', credentials });
  const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] };
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'bench', AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'bench', PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' }));
  iam.destroy();
  return Role!.Arn!;
}

/** Without what would change how Node boots or how Hearth behaves. */
function ownEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_|OTEL_|HEARTH_(?!MASTER_KEY|RUNTIMES_FILE|SANDBOX_))/.test(name)));
}

async function embeddedRedis(stateDir: string): Promise<string> {
  const { port, password } = JSON.parse(await readFile(join(stateDir, 'redis.json'), 'utf8')) as { port: number; password: string };
  return `redis://:${password}@127.0.0.1:${port}`;
}

async function forgetKeys(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url);
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) if ((keys as string[]).length > 0) await redis.unlink(keys as string[]);
  redis.disconnect();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Proportional set size in MB of a process and its descendants, without database servers. */
export async function residentMb(rootPid: number): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const processes = new Map<number, { parent: number; name: string }>();
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined); // It ended meanwhile.
    const parts = stat === undefined ? null : /^\d+ \((.*)\) \S (\d+)/s.exec(stat);
    if (parts !== null) processes.set(Number(pid), { name: parts[1] as string, parent: Number(parts[2]) });
  }
  let kilobytes = 0;
  for (const pid of processes.keys()) {
    const line: { pid: number; name: string }[] = [];
    for (let at = pid; processes.has(at); at = (processes.get(at) as { parent: number }).parent) {
      line.push({ pid: at, name: (processes.get(at) as { name: string }).name });
      if (at === rootPid) break;
    }
    if (line.at(-1)?.pid !== rootPid || line.some(({ name }) => /^(postgres|redis-server|valkey-server)/.test(name))) continue;
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => ''); // It ended meanwhile.
    kilobytes += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

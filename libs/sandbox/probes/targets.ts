import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { controlRoot, ownerOf } from '../drivers/owner.js';

/** What the probes are told to look for; the names are those of the Python side. */
export type Targets = Record<string, unknown>;

const NEIGHBOUR_PORT = 8_099;
const COMMAND = 'hearth-victim';

/** Things on this machine that no sandbox may reach, each really there: files, processes, sockets, servers, a neighbour container. */
export class ProbeTargets {
  private constructor(
    readonly targets: Targets,
    /** Answers with the canary under /_hearth: what stands behind the sandboxes' way to the API. */
    readonly api: string,
    private readonly closers: (() => unknown)[],
  ) {}

  static async open(docker: Docker, stateDirectory: string, labels: Record<string, string>): Promise<ProbeTargets> {
    const closers: (() => unknown)[] = [];
    const mark = randomBytes(6).toString('hex');
    const canary = `canary-${mark}`;
    const canaries = { api_canary: `api-${mark}`, loopback_canary: `loopback-${mark}` };
    try {
      const [files, victim, neighbour] = [
        hostFiles(stateDirectory, canary),
        hostProcess(stateDirectory, mark, closers),
        await neighbourContainer(docker, canary, labels, closers),
      ];
      const api = await http(
        '127.0.0.1',
        (path) => (/_hearth/i.test(decodeURIComponent(path)) ? canaries.api_canary : '{}'),
        closers,
      );
      const loopback = await http('127.0.0.1', () => canaries.loopback_canary, closers);
      const targets = {
        canary,
        ...canaries,
        ...files,
        ...victim,
        ...neighbour,
        ...hostSharedMemory(mark, closers),
        ...(await hostServers(stateDirectory, mark, closers)),
        ...hostAddresses(),
        container_config_file: `/var/lib/docker/containers/${neighbour.neighbour_id}/config.v2.json`,
        loopback_port: loopback,
        api_port: 4_510,
        runtime_api_port: 9_001,
        control_file: '/run/hearth/env',
        cgroups_hidden: false,
        namespaces: Object.fromEntries(
          ['mnt', 'net', 'pid', 'ipc', 'uts', 'cgroup'].map((kind) => [kind, readlinkSync(`/proc/self/ns/${kind}`)]),
        ),
      };
      return new ProbeTargets(targets, `http://127.0.0.1:${api}`, closers);
    } catch (error) {
      for (const close of closers.reverse()) await close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const close of [...this.closers].reverse()) await close();
  }
}

function hostFiles(stateDirectory: string, canary: string): Targets {
  mkdirSync(join(stateDirectory, 'profile'), { recursive: true });
  const write = (name: string): string => {
    const path = join(stateDirectory, name);
    writeFileSync(path, canary);
    return path;
  };
  return {
    state_dir: stateDirectory,
    control_dir: controlRoot(ownerOf(stateDirectory, '')),
    canary_file: write('canary.txt'),
    master_key_file: write('master.key'),
    admin_key_file: write('profile/credentials'),
    other_code_file: write('other-code.js'),
  };
}

/** A process with a secret in its environment, its arguments and an open file. */
function hostProcess(
  stateDirectory: string,
  mark: string,
  closers: (() => unknown)[],
): { host_pid: number; host_command: string; host_argument: string } {
  const program = join(stateDirectory, COMMAND);
  copyFileSync('/bin/sleep', program);
  const argument = `0.${Number.parseInt(mark, 16)}`;
  const child: ChildProcess = spawn(
    '/bin/sh',
    ['-c', `exec 7<${join(stateDirectory, 'canary.txt')}; exec ${program} 3600 ${argument}`],
    { stdio: 'ignore', env: { PLATFORM_SECRET: mark } },
  );
  closers.push(() => child.kill('SIGKILL'));
  return { host_pid: child.pid!, host_command: COMMAND, host_argument: argument };
}

function hostSharedMemory(mark: string, closers: (() => unknown)[]): Targets {
  const key = Number.parseInt(mark.slice(0, 7), 16);
  const id = execFileSync('perl', ['-e', `print shmget(${key}, 64, 01666)`]).toString();
  closers.push(() => execFileSync('perl', ['-e', `shmctl(${id}, 0, 0)`]));
  const file = `/dev/shm/hearth-probe-${mark}`;
  writeFileSync(file, 'x');
  closers.push(() => rmSync(file, { force: true }));
  return { shm_key: key, shm_file: file };
}

async function hostServers(stateDirectory: string, mark: string, closers: (() => unknown)[]): Promise<Targets> {
  const abstract = `hearth-probe-${mark}`;
  const listen = async (where: { path: string } | { host: string; port: number }): Promise<Server> => {
    const server = createServer((socket) => socket.on('error', () => undefined).end('hello')).listen(where);
    await once(server, 'listening');
    closers.push(() => server.close());
    return server;
  };
  const unixSocket = join(stateDirectory, 'host.sock');
  await listen({ path: unixSocket });
  await listen({ path: `\0${abstract}` });
  const everywhere = await listen({ host: '::', port: 0 });
  const loopback6 = await listen({ host: '::1', port: 0 });
  const udp = createSocket('udp4').on('message', (_message, from) => udp.send('hello', from.port, from.address));
  udp.bind(0, '0.0.0.0');
  await once(udp, 'listening');
  closers.push(() => udp.close());
  const openPort = (everywhere.address() as AddressInfo).port;
  return {
    unix_socket: unixSocket,
    abstract_socket: abstract,
    open_port: openPort,
    loopback6_port: (loopback6.address() as AddressInfo).port,
    udp_port: udp.address().port,
    postgres_port: portOf(process.env.HEARTH_TEST_DATABASE_URL) ?? openPort,
    redis_port: portOf(process.env.HEARTH_TEST_REDIS_URL) ?? openPort,
  };
}

function portOf(url: string | undefined): number | undefined {
  return url === undefined ? undefined : Number(new URL(url).port) || undefined;
}

/** Now: the bridge of the sandboxes comes with the first of them. */
export function hostAddresses(): Targets {
  const all = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal);
  const six = all.filter((address) => address.family === 'IPv6').map((address) => address.address);
  return {
    host_addresses: all.filter((address) => address.family === 'IPv4').map((address) => address.address),
    host_addresses6: six.filter((address) => !address.startsWith('fe80')),
    link_local6: six.filter((address) => address.startsWith('fe80')),
  };
}

/** On the engine's default network, with a server. */
async function neighbourContainer(
  docker: Docker,
  canary: string,
  labels: Record<string, string>,
  closers: (() => unknown)[],
): Promise<{ neighbour_id: string } & Targets> {
  const container = await docker.createContainer({
    Image: 'hearth/python3.11',
    Entrypoint: ['python3', '-m', 'http.server', String(NEIGHBOUR_PORT), '--directory', '/var/task'],
    Env: [`SECRET=${canary}`, 'PYTHONUNBUFFERED=1'],
    Labels: labels,
  });
  closers.push(() => container.remove({ force: true, v: true }));
  await container.start();
  const address = (await container.inspect()).NetworkSettings.Networks['bridge']!.IPAddress;
  return {
    neighbour_id: container.id,
    neighbour_addresses: [address],
    neighbour_port: NEIGHBOUR_PORT,
    sandbox_addresses: [address],
    sandbox_port: NEIGHBOUR_PORT,
    bridge_prefix: address.split('.').slice(0, 3).join('.'),
  };
}

async function http(host: string, answer: (path: string) => string, closers: (() => unknown)[]): Promise<number> {
  const server = createHttpServer((request, response) => response.end(answer(request.url ?? ''))).listen(0, host);
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export const run = promisify(execFile);

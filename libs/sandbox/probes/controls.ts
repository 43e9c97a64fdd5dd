import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';
import type Docker from 'dockerode';
import { run, type ProbeTargets, type Targets } from './targets.js';

export type ProbeResult = { evidence: string } | { refused: string } | { defect: string };
export type ProbeResults = Record<string, ProbeResult>;

const PROBES = join(projectRoot(), 'libs/sandbox/probes/function');
const IMAGE = 'hearth/python3.11';
const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '169.254.169.123',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '169.254.100.1',
];
const METADATA_6 = 'fd00:ec2::254';
/** By bit (capabilities(7)); those after it are younger than some engines. */
const CAPABILITIES = `
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST
NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE
SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM
BLOCK_SUSPEND AUDIT_READ`
  .trim()
  .split(/\s+/);
/** Plays every metadata service there is. */
const RESPONDER = `
import select, socket, sys
tcp = []
for port in (80, 53, 9001, 32526):
    one = socket.socket(socket.AF_INET6); one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); one.bind(('::', port)); one.listen(64); tcp.append(one)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(('0.0.0.0', int(sys.argv[1])))
while True:
    for ready in select.select(tcp + [udp], [], [])[0]:
        if ready is udp: udp.sendto(b'hello', udp.recvfrom(64)[1])
        else: ready.accept()[0].close()
`;

/**
 * The positive controls: the same probes in containers without any hardening, which show that each can succeed. One shares all there is with
 * the host; the other has a network in which metadata services answer.
 */
export async function runControls(
  docker: Docker,
  { targets, api }: ProbeTargets,
  labels: Record<string, string>,
): Promise<ProbeResults> {
  const here = {
    ...targets,
    control: true,
    control_file: `/host${String(targets.canary_file)}`,
    api_port: Number(new URL(api).port),
    runtime_api_port: targets.open_port,
  };
  const [host, network] = await Promise.all([onTheHost(docker, here, labels), amongMetadataServices(docker, targets, labels)]);
  const results: ProbeResults = { ...host };
  for (const [name, result] of Object.entries(network)) if (!('evidence' in (results[name] ?? {}))) results[name] = result;
  return results;
}

/**
 * What `--privileged` gives, less what this machine itself does not have (a virtual machine without CAP_SYS_RESOURCE, say), for which the
 * engine would refuse.
 */
function everyRight(): {
  CapAdd: string[];
  SecurityOpt: string[];
  DeviceCgroupRules: string[];
  MaskedPaths: string[];
  ReadonlyPaths: string[];
} {
  const bounding = BigInt(`0x${/^CapBnd:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]}`);
  return {
    CapAdd: CAPABILITIES.filter((_, bit) => (bounding >> BigInt(bit)) & 1n),
    SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
    DeviceCgroupRules: ['b *:* rwm', 'c *:* rwm'],
    MaskedPaths: [],
    ReadonlyPaths: [],
  };
}

async function onTheHost(docker: Docker, targets: Targets, labels: Record<string, string>): Promise<ProbeResults> {
  const writable = await mkdtemp(join(tmpdir(), 'hearth-control-'));
  const options: Docker.ContainerCreateOptions & { HostConfig: { CgroupnsMode: string } } = {
    Image: IMAGE,
    Entrypoint: ['sleep', '600'],
    User: '0:0',
    Labels: labels,
    HostConfig: {
      ...everyRight(),
      NetworkMode: 'host',
      PidMode: 'host',
      IpcMode: 'host',
      UTSMode: 'host',
      CgroupnsMode: 'host',
      Binds: [
        '/:/host',
        '/dev:/dev',
        '/sys:/sys',
        '/var/run/docker.sock:/var/run/docker.sock',
        `${PROBES}:/probes:ro`,
        `${writable}:/run/hearth`,
        `${join(PROBES, 'probe.py')}:/run/hearth-launch.sh`,
      ],
    },
  };
  const container = await docker.createContainer(options);
  try {
    await container.start();
    return await probe(container.id, targets);
  } finally {
    await container.remove({ force: true, v: true });
    await rm(writable, { recursive: true, force: true });
  }
}

async function amongMetadataServices(docker: Docker, targets: Targets, labels: Record<string, string>): Promise<ProbeResults> {
  const container = await docker.createContainer({
    Image: IMAGE,
    Entrypoint: ['python3', '-c', RESPONDER, String(targets.udp_port)],
    User: '0:0',
    Labels: labels,
    HostConfig: { ...everyRight(), Binds: [`${PROBES}:/probes:ro`], Sysctls: { 'net.ipv6.conf.lo.disable_ipv6': '0' } },
  });
  try {
    await container.start();
    const { Pid } = (await container.inspect()).State;
    const script = [
      ...METADATA.map((address) => `ip addr add ${address}/32 dev lo`),
      `ip addr add ${METADATA_6}/128 dev lo nodad`,
    ].join(' && ');
    await run('nsenter', ['-t', String(Pid), '-n', 'sh', '-c', script]);
    return await probe(container.id, targets, (name) => name.startsWith('metadata.') || name === 'network.bound-broadcast');
  } finally {
    await container.remove({ force: true, v: true });
  }
}

/** By the command line, whose end is the program's. */
async function probe(containerId: string, targets: Targets, only?: (name: string) => boolean): Promise<ProbeResults> {
  const event = { targets, names: only ? Object.keys(await catalogue(containerId)).filter(only) : undefined };
  const { stdout } = await run(
    'docker',
    ['exec', '-e', 'PYTHONDONTWRITEBYTECODE=1', containerId, 'python3', '/probes/index.py', JSON.stringify(event)],
    { timeout: 120_000, maxBuffer: 1 << 24 },
  );
  return (JSON.parse(stdout) as { results: ProbeResults }).results;
}

async function catalogue(containerId: string): Promise<Record<string, string>> {
  const { stdout } = await run('docker', [
    'exec',
    '-e',
    'PYTHONDONTWRITEBYTECODE=1',
    containerId,
    'python3',
    '/probes/index.py',
    '{"targets":{},"names":[]}',
  ]);
  return (JSON.parse(stdout) as { what: Record<string, string> }).what;
}

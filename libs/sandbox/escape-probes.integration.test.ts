import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';
import Docker from 'dockerode';
import { ApiBridge } from './api-bridge/api-bridge.js';
import { DockerDriver, type DockerDriverOptions } from './drivers/docker-driver.js';
import { ownerOf } from './drivers/owner.js';
import type { FunctionSpec } from './function-spec.js';
import { runControls, type ProbeResults } from './probes/controls.js';
import { hostAddresses, ProbeTargets } from './probes/targets.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import { answerOf, Bench, specFor } from './testing/bench.js';
import { testOnGvisor } from './testing/gvisor.js';

const docker = new Docker();
const gvisor = await testOnGvisor(docker);
const catalogue = RuntimeCatalogue.load();
const LABELS = { 'hearth.test': 'probes' };
const PROBES = join(projectRoot(), 'libs/sandbox/probes/function');
const VICTIM_PORT = 8_098;
/** Its system calls take several times as long, and the filter is the one that the others were tried against on every port. */
const GVISOR_LAST_PORT = 8_192;
const TEST_LIMIT_MS = 180_000;
/**
 * What gVisor's own kernel grants or shows inside of itself, without effect on the host: a namespace, a priority and a limit of its own, a FUSE device
 * that nothing can be mounted with, a mark that no rule here asks for; and of mounts it does not tell the flags (setuid has no effect, devices cannot be made).
 */
const OWN_KERNEL = new Set([
  'namespaces.clone3',
  'capabilities.nice',
  'limits.processes',
  'devices.open-fuse',
  'network.unprivileged-mark',
  'files.tmp-setuid',
  'files.tmp-device',
]);
/** Every one of them with a control that succeeded here. */
const LEAST_PROBES = 150;
/** What not every host has or gives away even to its root (a virtual machine without modules, say), or what is there for moments only. */
const UP_TO_THE_HOST = new Set(
  `devices.mknod-disk devices.open-disk devices.open-port devices.open-fuse devices.open-tun devices.open-hwrng devices.open-vcs devices.open-loop devices.open-kmsg
  proc.modprobe proc.hotplug proc.binfmt proc.sysrq proc.sysrq-mask proc.kcore proc.debugfs proc.firmware proc.timer-list proc.kpagecount proc.ksm
  proc.slabinfo proc.ptrace-scope proc.hugepages proc.cgroup-release proc.cgroup-devices proc.cgroup-limits proc.cgroup-cpu proc.irq
  syscalls.init-module syscalls.finit-module syscalls.delete-module syscalls.kexec syscalls.kexec-file syscalls.iopl syscalls.ioperm
  syscalls.userfaultfd syscalls.fanotify syscalls.io-uring syscalls.quotactl syscalls.move-pages
  sockets.family-alg sockets.family-vsock network.host-addresses6 network.host-link-local6 network.host-loopback6 secrets.disk-of-host
  files.containerd sockets.other-runtime`.split(/\s+/),
);

interface Findings {
  what: Record<string, string>;
  results: ProbeResults;
}

function probing(changes: Partial<FunctionSpec> = {}): FunctionSpec {
  return specFor('', { runtime: 'python3.11', handler: 'index.handler', memoryMb: 512, timeoutSeconds: 120, ...changes });
}

/** A sandbox that holds a secret, and beside it the one that looks for it. */
class Sandboxes {
  private constructor(
    private readonly bench: Bench,
    private readonly targets: ProbeTargets,
    private readonly addresses: string[],
  ) {}

  static async open(targets: ProbeTargets, stateDirectory: string, options: Partial<DockerDriverOptions>): Promise<Sandboxes> {
    const api = new ApiBridge({ endpoint: () => targets.api, report: () => undefined });
    const bench = await Bench.open(
      (place) => new DockerDriver({ ...place, docker, catalogue, labels: LABELS, api, ...options }),
      {},
      stateDirectory,
      { codeDirectory: async () => PROBES },
    );
    const victim = probing({ environment: { SECRET: String(targets.targets.canary) } });
    return new Sandboxes(bench, targets, answerOf(await bench.invoke(victim, { do: 'hold', port: VICTIM_PORT })) as string[]);
  }

  async probe(changes: Record<string, unknown> = {}): Promise<Findings> {
    const event = {
      ...this.targets.targets,
      ...hostAddresses(),
      sandbox_addresses: this.addresses,
      sandbox_port: VICTIM_PORT,
      ...changes,
    };
    return answerOf(await this.bench.invoke(probing(), { targets: event })) as Findings;
  }

  /** Where the engine shows the victim's secret to those who may ask it. */
  async toldByTheEngine(): Promise<string[]> {
    const secret = String(this.targets.targets.canary);
    const told: string[] = [];
    for (const { Id } of await docker.listContainers({
      filters: { label: [`hearth.owner=${ownerOf(this.bench.stateDirectory, '').owner}`] },
    })) {
      const answers = await answersAbout(docker.getContainer(Id));
      told.push(...Object.entries(answers).flatMap(([name, answer]) => (JSON.stringify(answer).includes(secret) ? [name] : [])));
    }
    return told;
  }

  close(): Promise<void> {
    return this.bench.pool.stop();
  }
}

/** Nothing of one that ended meanwhile. */
async function answersAbout(container: Docker.Container): Promise<Record<string, unknown>> {
  try {
    return { inspect: await container.inspect(), top: await container.top(), logs: String(await container.logs({ stdout: true, stderr: true }).catch(String)) };
  } catch (error) {
    if ([404, 409].includes((error as { statusCode?: number }).statusCode ?? 0)) return {};
    throw error;
  }
}

function notRefused(results: ProbeResults): string[] {
  return Object.entries(results).flatMap(([name, result]) => ('refused' in result ? [] : [`${name}: ${JSON.stringify(result)}`]));
}

describe('escape and leak probes', () => {
  let targets: ProbeTargets;
  let stateDirectory: string;
  let what: Record<string, string> = {};
  const columns: Record<string, ProbeResults> = {};

  beforeAll(async () => {
    stateDirectory = await mkdtemp(join(tmpdir(), 'hearth-probes-'));
    targets = await ProbeTargets.open(docker, stateDirectory, LABELS);
  });
  afterAll(async () => {
    await targets?.close();
    await rm(stateDirectory, { recursive: true, force: true });
    process.stdout.write(table(what, columns));
  });

  it(
    'can each succeed in a container without hardening, and do not in a sandbox on runc',
    async () => {
      const sandboxes = await Sandboxes.open(targets, stateDirectory, {});
      try {
        const findings = await sandboxes.probe();
        ({ what, results: columns.runc } = findings);
        expect(notRefused(findings.results)).toEqual([]);
        expect(await sandboxes.toldByTheEngine()).toEqual([]);
        // While there are sandboxes to look into.
        columns.control = await runControls(docker, targets, LABELS);
        const controlled = Object.keys(what).filter((name) => 'evidence' in columns.control![name]!);
        expect(
          Object.keys(what)
            .filter((name) => !controlled.includes(name) && !UP_TO_THE_HOST.has(name))
            .map((name) => `${name}: ${JSON.stringify(columns.control![name])}`),
        ).toEqual([]);
        expect(controlled.length).toBeGreaterThanOrEqual(LEAST_PROBES);
      } finally {
        await sandboxes.close();
      }
    },
    TEST_LIMIT_MS,
  );

  it(
    'do not succeed in a sandbox that may connect to the internet',
    async () => {
      const sandboxes = await Sandboxes.open(targets, stateDirectory, { egress: { mode: 'open', allow: [] } });
      try {
        const { results } = await sandboxes.probe();
        columns['runc, open'] = results;
        expect(notRefused(results)).toEqual([]);
      } finally {
        await sandboxes.close();
      }
    },
    TEST_LIMIT_MS,
  );

  gvisor(
    'do not succeed in a sandbox on runsc that may connect to the internet',
    async () => {
      const sandboxes = await Sandboxes.open(targets, stateDirectory, {
        isolation: 'gvisor',
        egress: { mode: 'open', allow: [] },
      });
      try {
        // A kernel of its own has no cgroups to show.
        const { results } = await sandboxes.probe({ cgroups_hidden: true, last_port: GVISOR_LAST_PORT });
        columns['runsc, open'] = results;
        expect(notRefused(results).filter((line) => !OWN_KERNEL.has(line.split(':')[0]!))).toEqual([]);
        expect(await sandboxes.toldByTheEngine()).toEqual([]);
      } finally {
        await sandboxes.close();
      }
    },
    TEST_LIMIT_MS,
  );
});

/** What came of each, by profile. */
function table(what: Record<string, string>, columns: Record<string, ProbeResults>): string {
  const profiles = Object.keys(columns);
  const cell = (result: ProbeResults[string] | undefined): string =>
    (result === undefined ? '-' : 'refused' in result ? result.refused : 'evidence' in result ? 'SUCCEEDED' : 'DEFECT').slice(
      0,
      14,
    );
  const line = (name: string): string =>
    `${name.padEnd(34)}${profiles.map((profile) => cell(columns[profile]![name]).padEnd(16)).join('')}${what[name]}\n`;
  return `\n${'probe'.padEnd(34)}${profiles.map((profile) => profile.padEnd(16)).join('')}\n${Object.keys(what).map(line).join('')}`;
}

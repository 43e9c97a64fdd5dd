import type { ContainerCreateOptions } from 'dockerode';
import { initCpuShare, nanoCpus } from '../cpu-share.js';
import { NAME_SERVER } from '../network/name-server.js';
import { SECCOMP_OPTION, SECCOMP_OPTION_OWN_KERNEL } from './seccomp-profile.js';
import type { ImageVolume } from '../images/engine-images.js';

const BYTES_PER_MB = 1024 * 1024;
/** Processes and threads of one sandbox (runtime-api.md section 4). */
const MAX_PROCESSES = 1_024;
const MAX_FILES = 1_024;
/** Lambda has no /dev/shm worth the name; runtimes that look for it find something. */
const SHM_BYTES = 1 * BYTES_PER_MB;
/** When the host runs out of memory, functions go before Hearth. */
const OOM_SCORE_ADJ = 500;

export const LABEL = { owner: 'hearth.owner', incarnation: 'hearth.incarnation', sandbox: 'hearth.sandbox' } as const;

export interface ContainerPlan {
  id: string;
  image: string;
  memoryMb: number;
  ephemeralStorageMb: number;
  user: { uid: number; gid: number };
  labels: Record<string, string>;
  hostCpus: number;
  /** Absent: the code is in the image, or is mounted later (embers). */
  codePath?: string;
  /** Absent: `/opt` is the image's. */
  layersPath?: string;
  launcher: {
    path: string;
    /** Where the container has it. */
    target: string;
    entrypoint: readonly string[];
  };
  /** Folders that the image declares as volumes, with the engine's volumes that hold their content: read-only like the rest. */
  imageVolumes?: readonly ImageVolume[];
  controlPath: string;
  hostsPath: string;
  /** Absent: `/tmp` becomes a tmpfs. */
  scratchPath?: string;
  /** Docker networks that the engine attaches it to; empty: none, and what it gets comes from outside. */
  networks: readonly string[];
  /** Of the engine's; absent: its default. */
  ociRuntime?: string;
}

/**
 * The one container template (reliability.md, sandbox recipe). Nothing in it comes from a user but numbers: no path, variable or flag, and the
 * image by its digest alone. Only container images have arguments of users, for their own program, behind the launcher. Environment variables are
 * not here, so they are not in `docker inspect`.
 */
export function containerOptions(plan: ContainerPlan): ContainerCreateOptions {
  const memory = plan.memoryMb * BYTES_PER_MB;
  return {
    name: `hearth-${plan.id}`,
    Image: plan.image,
    Entrypoint: [...plan.launcher.entrypoint],
    Cmd: [],
    // An image may bring one, and the engine would run it beside the function.
    Healthcheck: { Test: ['NONE'] },
    User: `${plan.user.uid}:${plan.user.gid}`,
    WorkingDir: '/',
    Labels: plan.labels,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    NetworkDisabled: plan.networks.length === 0,
    HostConfig: {
      ...(plan.ociRuntime ? { Runtime: plan.ociRuntime } : {}),
      NetworkMode: plan.networks[0] ?? 'none',
      Dns: [NAME_SERVER],
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges', plan.ociRuntime === undefined ? SECCOMP_OPTION : SECCOMP_OPTION_OWN_KERNEL],
      Privileged: false,
      ReadonlyRootfs: true,
      IpcMode: 'private',
      ShmSize: SHM_BYTES,
      PidsLimit: MAX_PROCESSES,
      Memory: memory,
      MemorySwap: memory,
      NanoCpus: nanoCpus(initCpuShare(plan.memoryMb, plan.hostCpus)),
      OomScoreAdj: OOM_SCORE_ADJ,
      Ulimits: [
        { Name: 'nofile', Soft: MAX_FILES, Hard: MAX_FILES },
        { Name: 'core', Soft: 0, Hard: 0 },
      ],
      LogConfig: { Type: 'none', Config: {} },
      RestartPolicy: { Name: 'no' },
      Mounts: [
        ...(plan.imageVolumes ?? []).map(({ name, target }) => ({ Type: 'volume' as const, Source: name, Target: target, ReadOnly: true })),
        ...(plan.codePath ? [bind(plan.codePath, '/var/task', true)] : []),
        ...(plan.layersPath ? [bind(plan.layersPath, '/opt', true)] : []),
        bind(plan.launcher.path, plan.launcher.target, true),
        // gVisor opens no FIFO for writing on a read-only mount. The folder is root's, and what is in it the sandbox's own.
        bind(plan.controlPath, '/run/hearth', plan.ociRuntime === undefined),
        // An engine makes none for a container without a network, and ExtraHosts with it.
        bind(plan.hostsPath, '/etc/hosts', true),
        ...(plan.scratchPath ? [bind(plan.scratchPath, '/tmp', false)] : []),
      ],
      ...(plan.scratchPath ? {} : { Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,size=${plan.ephemeralStorageMb}m,mode=1777` } }),
    },
  };
}

function bind(source: string, target: string, readOnly: boolean) {
  return { Type: 'bind' as const, Source: source, Target: target, ReadOnly: readOnly, BindOptions: { Propagation: 'rprivate' as const } };
}

import { OperatorError } from '@hearth/kernel';
import type Docker from 'dockerode';
import type { RuntimeCatalogue } from '../runtime-catalogue.js';
import type { DriverReport } from '../sandbox-driver.js';
import { engineIsElsewhere } from './owner.js';

const CHECK_DEADLINE_MS = 10_000;
/** First releases without the 2025 container escapes (reliability.md, threat model); 1.1 was never mended. */
const SAFE_RUNC = [
  [1, 2, 8],
  [1, 3, 3],
] as const;

interface EngineInfo {
  MemoryLimit?: boolean;
  PidsLimit?: boolean;
  CpuCfsQuota?: boolean;
  CgroupVersion?: string;
  SecurityOptions?: string[];
}

/**
 * Whether the engine can run sandboxes with all limits in force.
 * @throws OperatorError when it cannot be reached or would ignore a limit
 */
export async function checkEngine(docker: Docker, catalogue: RuntimeCatalogue): Promise<DriverReport> {
  const [version, info] = await reach(docker);
  const missingLimits = [
    info.MemoryLimit === false && 'memory',
    info.PidsLimit === false && 'processes',
    info.CpuCfsQuota === false && 'CPU',
  ].filter((limit) => limit !== false);
  if (missingLimits.length > 0) {
    throw new OperatorError(`The Docker engine cannot limit ${missingLimits.join(', ')}`, 'Run Docker as root, or rootless on cgroup v2 with systemd.');
  }
  const notes = [`Docker ${version.Version}, cgroup v${info.CgroupVersion ?? '1'}`];
  const reduced = reducedIsolation(version, info);
  if (engineIsElsewhere()) notes.push('the worker runs in a container: /tmp of functions is kept in memory, and HTTP runtimes need the host\'s process namespace');
  return { driver: 'docker', isolation: reduced.length > 0 ? 'reduced' : 'full', notes: [...notes, ...reduced], missingRuntimes: await missingRuntimes(docker, catalogue) };
}

async function reach(docker: Docker): Promise<[Docker.DockerVersion, EngineInfo]> {
  const deadline = AbortSignal.timeout(CHECK_DEADLINE_MS);
  const expired = new Promise<never>((_, reject) => deadline.addEventListener('abort', () => reject(new Error('no answer within 10 s')), { once: true }));
  try {
    return await Promise.race([Promise.all([docker.version(), docker.info() as Promise<EngineInfo>]), expired]);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const remedy = code === 'EACCES' ? 'Run Hearth as root, or as a member of the group docker.' : 'Start the Docker engine, or point DOCKER_HOST at one.';
    throw new OperatorError(`The Docker engine does not answer: ${message}`, remedy);
  }
}

function reducedIsolation(version: Docker.DockerVersion, info: EngineInfo): string[] {
  const reasons: string[] = [];
  const runc = version.Components?.find((component) => component.Name === 'runc')?.Version ?? '';
  if (!isSafeRunc(runc)) reasons.push(`isolation is reduced: runc ${runc || 'of unknown version'} is older than 1.2.8 and 1.3.3, which closed container escapes`);
  if (!info.SecurityOptions?.some((option) => option.includes('seccomp'))) reasons.push('isolation is reduced: the engine has no seccomp');
  return reasons;
}

export function isSafeRunc(version: string): boolean {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (parts === undefined) return false;
  const [major, minor, patch] = parts as [number, number, number];
  const known = SAFE_RUNC.find((safe) => safe[0] === major && safe[1] === minor);
  if (known) return patch >= known[2];
  return major > 1 || minor > 3;
}

async function missingRuntimes(docker: Docker, catalogue: RuntimeCatalogue): Promise<string[]> {
  const missing = await Promise.all(
    catalogue.all().map(async (runtime) => {
      try {
        await docker.getImage(runtime.image).inspect();
        return undefined;
      } catch (error) {
        if ((error as { statusCode?: number }).statusCode === 404) return runtime.name;
        throw error;
      }
    }),
  );
  return missing.filter((name) => name !== undefined);
}

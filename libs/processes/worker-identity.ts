import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';

/** The same for every life of the worker of this state directory on this machine; several machines may share the directory. */
export function workerIdentity(stateDirectory: string): string {
  const machine = readMachineId();
  return createHash('sha256').update(`${hostname()}\n${machine}\n${realpathSync(stateDirectory)}`).digest('hex').slice(0, 32);
}

function readMachineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    // Containers often have none; their host name is made for them.
    return '';
  }
}

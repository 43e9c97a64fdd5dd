import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { OperatorError } from '@hearth/kernel';

const held = new Map<string, Server>();

/**
 * Makes this process the only one that may run embedded servers in a state directory. Without it a second `hearth`, bound to fail on a taken
 * port, would first adopt and then stop the database of the first. The lock is a name in the kernel (an abstract unix socket), so it ends with
 * the process however that ends, and can never be stale.
 * @throws OperatorError when another process holds it
 */
export async function lockStateDirectory(stateDir: string): Promise<void> {
  const directory = await realpath(stateDir);
  if (held.has(directory)) return;
  const server = createServer((socket) => socket.destroy());
  const name = `\0hearth-${createHash('sha256').update(directory).digest('hex').slice(0, 32)}`;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new OperatorError(`Another Hearth is running with the state directory ${directory}.`, 'Stop it (./hearth stop), or set HEARTH_STATE_DIR to another directory.')
          : error,
      ),
    );
    server.listen(name, () => resolve());
  });
  server.unref();
  held.set(directory, server);
}

/** For tests: a process that ends gives up its locks by itself. */
export async function unlockStateDirectory(stateDir: string): Promise<void> {
  const directory = await realpath(stateDir);
  const server = held.get(directory);
  held.delete(directory);
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
}

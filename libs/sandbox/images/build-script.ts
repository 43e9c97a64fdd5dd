import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { OperatorError } from '@hearth/kernel';

const PREFIX = 'runtimes: ';

/**
 * Builds by `infra/runtimes/build.sh`, which needs a machine of its own: debootstrap and root, or access to public images.
 * @param assets folder of the script
 * @param environment of the script
 */
export function scriptBuilder(assets: string, environment: NodeJS.ProcessEnv): (runtime: string, onProgress: (line: string) => void, signal: AbortSignal) => Promise<void> {
  return (runtime, onProgress, signal) =>
    new Promise((resolve, reject) => {
      const tools = [dirname(process.execPath), join(assets, '../../node_modules/.bin')].join(':');
      const child = spawn('bash', [join(assets, 'build.sh'), runtime], {
        // A group of its own: what it started ends with it.
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...environment, PATH: `${tools}:${environment.PATH}` },
      });
      let last = '';
      createInterface({ input: child.stderr }).on('line', (line) => {
        if (!line.startsWith(PREFIX)) return;
        last = line.slice(PREFIX.length).trim();
        onProgress(last);
      });
      const stop = (): void => {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      };
      const fail = (reason: string): void => reject(new OperatorError(`The image of ${runtime} cannot be built here: ${reason}.`, 'Run infra/runtimes/build.sh where its tools are, and bring the image here (docker save, docker load), or map the runtime to an image to pull (HEARTH_RUNTIMES_FILE).'));
      signal.addEventListener('abort', stop, { once: true });
      child.on('error', (error) => fail(error.message));
      child.on('close', (code) => {
        signal.removeEventListener('abort', stop);
        if (code === 0) resolve();
        else fail(last || `build.sh ended with status ${code}`);
      });
    });
}

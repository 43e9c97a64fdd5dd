import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a command to its end. @throws with its error output when it fails */
export async function run(command: string, args: readonly string[], options: { cwd?: string; env?: Record<string, string | undefined>; timeoutMs?: number } = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(command, [...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env } as NodeJS.ProcessEnv,
    timeout: options.timeoutMs ?? 240_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

import { spawn } from 'node:child_process';
import type { Server } from 'node:net';
import { InfrastructureError } from '@hearth/kernel';

const DEADLINE_MS = 10_000;

/** Runs inside the sandbox's network namespace, opens the port there, hands the listening socket over and ends. */
const BIND = `
const server = require('node:net').createServer();
server.listen(Number(process.argv[1]), '127.0.0.1', () => process.send('listening', server, () => process.exit(0)));
`;

/**
 * A listener on 127.0.0.1 inside another process's network namespace, served by this process: the sandbox needs no agent
 * and no network of its own.
 * @throws InfrastructureError when the namespace cannot be entered (needs root) or the deadline passes
 */
export function listenInNamespace(pid: number, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', ['-t', String(pid), '-n', process.execPath, '-e', BIND, String(port)], {
      env: {},
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let complaint = '';
    child.stderr!.on('data', (chunk: Buffer) => (complaint += chunk.toString('utf8')));
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    child.once('message', (_message, server) => {
      clearTimeout(timer);
      resolve(server as Server);
    });
    const fail = (cause: string): void => {
      clearTimeout(timer);
      reject(new InfrastructureError(`The Runtime API cannot be opened in the sandbox: ${cause}`));
    };
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(complaint.trim() || `nsenter ended with ${code ?? signal}`));
  });
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

export interface TestRedis {
  url: string;
  /** SIGKILL; the port stays its own. */
  kill(): Promise<void>;
  /** Starts again on the same port, with whatever data reached the disk. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A redis-server of the test's own, which it may kill and wipe. Keeps an append-only file like a real one unless told otherwise. */
export async function startTestRedis(options: { args?: string[] } = {}): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'hearth-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', ...(options.args ?? [])];
  let server: ChildProcess | undefined;

  const kill = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  const start = async (): Promise<void> => {
    server = spawn('redis-server', args, { stdio: 'ignore' });
    await once(server, 'spawn');
    const probe = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: 500 });
    probe.on('error', () => undefined); // Refused until the server listens.
    try {
      await probe.ping();
    } finally {
      probe.disconnect();
    }
  };

  await start();
  return {
    url,
    kill,
    start,
    stop: async () => {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

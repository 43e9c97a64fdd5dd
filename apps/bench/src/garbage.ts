import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

const DEADLINE_MS = 10_000;
const POLL_MS = 50;
/** What a first collection lets go of, a second one frees. */
const COLLECTIONS = 2;

/**
 * Has a Node.js process collect its garbage, by its inspector, so that its memory can be compared with what it was.
 * @param log where its standard error goes: the inspector says there where it listens
 */
export async function collectGarbage(pid: number, log: string): Promise<void> {
  process.kill(pid, 'SIGUSR1');
  const socket = new WebSocket(await inspectorAddress(log));
  await once(socket, 'open');
  try {
    for (let id = 1; id <= COLLECTIONS; id++) {
      const answered = once(socket, 'message') as Promise<[{ data: string }]>;
      socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
      const [{ data }] = await answered;
      if ('error' in (JSON.parse(data) as object)) throw new Error(`The platform's inspector answered ${data}`);
    }
  } finally {
    socket.close();
  }
}

async function inspectorAddress(log: string): Promise<string> {
  for (const end = Date.now() + DEADLINE_MS; ; await wait(POLL_MS)) {
    const found = /Debugger listening on (ws:\S+)/.exec(await readFile(log, 'utf8'));
    if (found) return found[1]!;
    if (Date.now() > end) throw new Error("The platform's inspector does not answer");
  }
}

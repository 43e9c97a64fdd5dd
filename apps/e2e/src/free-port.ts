import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Given away and perhaps not listened on yet. */
const given = new Set<number>();

/** A port nobody listens on, another one each time. Taken from the range of HEARTH_TEST_PORTS (`FROM-TO`) where one is set. */
export async function freePort(): Promise<number> {
  const range = /^(\d+)-(\d+)$/.exec(process.env.HEARTH_TEST_PORTS ?? '');
  if (range === null) return (await probe(0)) as number;
  const [from, to] = [Number(range[1]), Number(range[2])];
  const first = from + Math.floor(Math.random() * (to - from + 1));
  for (let i = 0; i <= to - from; i++) {
    const port = await probe(from + ((first - from + i) % (to - from + 1)));
    if (port === undefined || given.has(port)) continue;
    given.add(port);
    return port;
  }
  throw new Error(`No free port from ${from} to ${to}`);
}

async function probe(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch {
    return undefined; // Taken: the caller tries the next one.
  } finally {
    server.close();
  }
}

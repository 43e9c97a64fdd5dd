import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { AwsEndpoint } from '../aws-endpoint.js';
import { InvokeFront } from './invoke-front.js';

type Endpoint = Pick<AwsEndpoint, 'admit' | 'answer'>;

const PATH = '/2015-03-31/functions/f/invocations';
const request = (body: string, ...lines: string[]) => [`POST ${PATH} HTTP/1.1`, 'Host: h', `Content-Length: ${Buffer.byteLength(body)}`, ...lines, '', body].join('\r\n');
const chunked = (body: string) => [`POST ${PATH} HTTP/1.1`, 'Host: h', 'Transfer-Encoding: chunked', '', body.length.toString(16), body, '0', '', ''].join('\r\n');

/** Answers with who served it and the body. A body of `wait` is answered when the test says so. */
class Bench {
  readonly waiting: (() => void)[] = [];
  draining = false;
  /** Connections that Node's server has. */
  handedOver = 0;
  front!: InvokeFront;
  server!: Server;

  async start(keepAliveMs = 60_000): Promise<void> {
    const endpoint: Endpoint = {
      admit: (_request, _response, proceed) => proceed(),
      answer: (_request, response, body) => {
        const send = () => {
          const payload = Buffer.from(`front ${body?.toString()}`);
          response.writeHead(200, { 'Content-Length': payload.length });
          response.end(payload);
        };
        if (body?.toString() === 'wait') this.waiting.push(send);
        else send();
      },
    };
    this.front = new InvokeFront(endpoint, keepAliveMs, () => this.draining);
    this.server = createServer((raw, response) => {
      const chunks: Buffer[] = [];
      raw.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => response.end(`node ${Buffer.concat(chunks).toString()}`));
    });
    this.server.on('connection', () => (this.handedOver += 1));
    this.front.attach(this.server);
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.front.drain();
    this.front.closeAll();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  client(): Client {
    return new Client(connect({ port: (this.server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true }));
  }
}

class Client {
  received = '';
  closed = false;

  constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => (this.received += chunk.toString()));
    socket.on('end', () => socket.end());
    socket.on('error', () => undefined); // 'close' follows.
    socket.on('close', () => (this.closed = true));
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  /** Ends with Jest's deadline when it never comes true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  }

  bodies(): string[] {
    return [...this.received.matchAll(/(front|node) ([a-z0-9]*)/g)].map(([text]) => text);
  }

  async answers(count: number): Promise<string[]> {
    await this.until(() => this.bodies().length >= count);
    return this.bodies();
  }
}

describe('InvokeFront', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = new Bench();
    await bench.start();
  });
  afterEach(() => bench.stop());

  it('answers plain requests one after the other on a connection that stays', async () => {
    const client = bench.client();
    expect(await client.send(request('one')).answers(1)).toEqual(['front one']);
    expect(await client.send(request('two')).answers(2)).toEqual(['front one', 'front two']);
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Length: 9\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\nfront one/);
  });

  it("gives a connection to Node's server at the first request of another form, for good", async () => {
    const client = bench.client();
    await client.send(request('one')).answers(1);
    expect(await client.send(chunked('two')).answers(2)).toEqual(['front one', 'node two']);
    expect(await client.send(request('three')).answers(3)).toEqual(['front one', 'node two', 'node three']);
  });

  it('leaves a request that comes in pieces to it', async () => {
    const client = bench.client();
    const text = request('pieces');
    client.send(text.slice(0, 20));
    await client.until(() => bench.handedOver === 1);
    expect(await client.send(text.slice(20)).answers(1)).toEqual(['node pieces']);
  });

  it('leaves several requests in one chunk to it, in order', async () => {
    expect(await bench.client().send(request('one') + request('two')).answers(2)).toEqual(['node one', 'node two']);
  });

  it('answers a request that came early after the one before', async () => {
    const client = bench.client().send(request('wait'));
    await client.until(() => bench.waiting.length === 1);
    client.send(request('early'));
    await new Promise((resolve) => client.socket.write('', resolve));
    bench.waiting.shift()!();
    expect(await client.answers(2)).toEqual(['front wait', 'front early']);
  });

  it('still answers a client that has ended its side', async () => {
    const client = bench.client();
    client.socket.end(request('last'));
    expect(await client.answers(1)).toEqual(['front last']);
    await client.until(() => client.closed);
  });

  it('ends connections with their answer while it drains, and idle ones at once', async () => {
    const busy = bench.client().send(request('wait'));
    const idle = bench.client().send(request('one'));
    await idle.answers(1);
    await busy.until(() => bench.waiting.length === 1);
    bench.draining = true;
    bench.front.drain();
    await idle.until(() => idle.closed);
    bench.waiting.shift()!();
    expect(await busy.answers(1)).toEqual(['front wait']);
    bench.front.drain();
    await busy.until(() => busy.closed);
  });

  it('survives a client that goes away before its answer', async () => {
    const client = bench.client().send(request('wait'));
    await client.until(() => bench.waiting.length === 1);
    client.socket.destroy();
    await client.until(() => client.closed);
    bench.waiting.shift()!();
    expect(await bench.client().send(request('next')).answers(1)).toEqual(['front next']);
  });
});

it('closes connections that wait too long for a request', async () => {
  const bench = new Bench();
  await bench.start(1);
  const client = bench.client().send(request('one'));
  await client.until(() => client.closed);
  expect(client.bodies()).toEqual(['front one']);
  await bench.stop();
});

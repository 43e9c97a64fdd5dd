import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createListener, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { ApiBridge } from './api-bridge.js';

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: Buffer;
}

describe('the bridge from a sandbox to the API', () => {
  let api: Server;
  let handle: (request: IncomingMessage, response: ServerResponse) => void;
  const seen: IncomingMessage[] = [];
  const reports: string[] = [];
  const opened: { close(): void }[] = [];

  beforeAll(async () => {
    api = createServer((incoming, response) => {
      seen.push(incoming);
      handle(incoming, response);
    }).listen(0, '127.0.0.1');
    await once(api, 'listening');
  });
  beforeEach(() => {
    seen.length = 0;
    reports.length = 0;
    handle = (_request, response) => response.end('ok');
  });
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
  });
  afterAll(() => {
    api.closeAllConnections();
    api.close();
  });

  async function sandbox(options: { endpoint?: string; limit?: number; bridge?: ApiBridge } = {}): Promise<{ listener: NetServer; end(): void; bridge: ApiBridge }> {
    const bridge = options.bridge ?? new ApiBridge({ endpoint: () => options.endpoint ?? `http://127.0.0.1:${portOf(api)}`, report: (message) => void reports.push(message), maxConnectionsPerSandbox: options.limit });
    const listener = createListener().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const served = bridge.serve(listener);
    opened.push({
      close: () => {
        served.close();
        bridge.close();
      },
    });
    return { listener, end: () => served.close(), bridge };
  }

  function call(listener: NetServer, path: string, init: { method?: string; headers?: Record<string, string | string[]>; body?: Buffer } = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port: portOf(listener), path, method: init.method ?? 'GET', headers: init.headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) })).on('error', reject);
      });
      outgoing.on('error', reject);
      outgoing.end(init.body);
    });
  }
  const raw = async (listener: NetServer, text: string): Promise<string> => {
    const socket = connect(portOf(listener), '127.0.0.1');
    socket.write(text);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    return answer;
  };

  it('passes head and body on as they came, the Host among them', async () => {
    handle = (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => response.writeHead(202, 'Fine', { 'X-Amzn-RequestId': 'r', 'x-twice': ['a', 'b'] }).end(Buffer.concat(chunks)));
    };
    const { listener } = await sandbox();
    const body = Buffer.from([0, 255, 10, 13, 0]);
    const answer = await call(listener, '/2015-03-31/functions/a%3Ab/invocations?Qualifier=%24LATEST', { method: 'POST', headers: { Host: '127.0.0.1:4510', 'X-Amz-Date': 'now', 'X-Two': ['1', '2'] }, body });
    expect(answer).toMatchObject({ status: 202, headers: { 'x-amzn-requestid': 'r', 'x-twice': 'a, b' } });
    expect(answer.body).toEqual(body);
    const [request_] = seen;
    expect({ method: request_!.method, url: request_!.url }).toEqual({ method: 'POST', url: '/2015-03-31/functions/a%3Ab/invocations?Qualifier=%24LATEST' });
    expect(request_!.headers).toMatchObject({ host: '127.0.0.1:4510', 'x-amz-date': 'now', 'x-two': '1, 2' });
    expect(request_!.rawHeaders.filter((name) => name.toLowerCase() === 'host')).toHaveLength(1);
  });

  it('streams a large body both ways', async () => {
    handle = (incoming, response) => void incoming.pipe(response);
    const { listener } = await sandbox();
    const body = Buffer.alloc(8_000_000, 'x');
    expect((await call(listener, '/', { method: 'PUT', body })).body.equals(body)).toBe(true);
  });

  it('leads to the endpoint alone, whatever a request says', async () => {
    const { listener } = await sandbox();
    await call(listener, '/', { headers: { Host: 'example.com' } });
    expect(seen).toHaveLength(1);
    expect(await raw(listener, 'GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 404 /);
    expect(await raw(listener, 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n')).toBe('');
    expect(await raw(listener, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    expect(seen).toHaveLength(2);
    expect(seen[1]!.headers.upgrade).toBeUndefined();
  });

  it('shows nothing of what is for operators', async () => {
    const { listener } = await sandbox();
    for (const path of ['/_hearth/health', '/%5Fhearth/health', '/_hearth/artifacts/../health']) expect((await call(listener, path)).status).toBe(404);
    expect(seen).toHaveLength(0);
    expect((await call(listener, '/_hearth/artifacts/f.zip')).status).toBe(200);
  });

  it('lets no request be smuggled past the check of its path', async () => {
    const { listener } = await sandbox();
    const hidden = 'GET /_hearth/health HTTP/1.1\r\nHost: h\r\n\r\n';
    const answer = await raw(listener, `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${hidden.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`);
    expect(answer).not.toContain(' 200 ');
    await raw(listener, `POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`);
    expect(seen.map(({ url }) => url)).not.toContain('/_hearth/health');
  });

  it('answers 503 in the form of a service when the API is away, and tells the operator once', async () => {
    const gone = createListener().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const endpoint = `http://127.0.0.1:${portOf(gone)}`;
    await new Promise((resolve) => gone.close(resolve));
    const { listener } = await sandbox({ endpoint });
    for (let round = 0; round < 2; round++) {
      expect(await call(listener, '/', { method: 'POST', body: Buffer.from('{}') })).toMatchObject({ status: 503, headers: { 'x-amzn-errortype': 'ServiceUnavailableException' } });
    }
    expect(reports).toEqual([expect.stringContaining(endpoint)]);
  });

  it('gives a sandbox so many connections and no more, and takes new ones when they are closed', async () => {
    const { listener } = await sandbox({ limit: 3 });
    const sockets: Socket[] = [];
    const open = async (): Promise<Socket> => {
      const socket = connect(portOf(listener), '127.0.0.1');
      socket.on('error', () => undefined);
      sockets.push(socket);
      await once(socket, 'connect');
      return socket;
    };
    for (let count = 0; count < 3; count++) await open();
    const refused = await open();
    await once(refused, 'close');
    sockets[0]!.destroy();
    let answered = false;
    for (let attempt = 0; attempt < 100 && !answered; attempt++) answered = await call(listener, '/').then(({ status }) => status === 200, () => false);
    expect(answered).toBe(true);
    for (const socket of sockets) socket.destroy();
  });

  it('ends connections and calls of a sandbox with it, and those of others go on', async () => {
    const held: ServerResponse[] = [];
    handle = (_incoming, response) => void held.push(response);
    const first = await sandbox();
    const second = await sandbox({ bridge: first.bridge });
    const calls = [first, second].map(({ listener }) => call(listener, '/'));
    calls[0]!.catch(() => undefined);
    while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
    first.end();
    await expect(calls[0]).rejects.toThrow();
    for (const response of held) response.end('late');
    expect((await calls[1]!).body.toString()).toBe('late');
    await expect(call(first.listener, '/')).rejects.toThrow();
  });

  it('gives a call up at the API when the function does not wait for it', async () => {
    let aborted: Promise<unknown> | undefined;
    handle = (_incoming, response) => void (aborted = once(response, 'close'));
    const { listener } = await sandbox();
    const socket = connect(portOf(listener), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    while (aborted === undefined) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    await aborted;
    expect(reports).toEqual([]);
  });
});

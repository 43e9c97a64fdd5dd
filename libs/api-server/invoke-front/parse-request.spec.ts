import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { parseRequest } from './parse-request.js';

const PATH = '/2015-03-31/functions/f/invocations';
const bytes = (text: string) => Buffer.from(text, 'latin1');
const plain = (...lines: string[]) => bytes(['POST /2015-03-31/functions/f/invocations HTTP/1.1', 'Host: h', ...lines, '', '{}'].join('\r\n'));

interface Seen {
  url: string | undefined;
  headers: Record<string, unknown>;
  rawHeaders: string[];
  body: string;
}

/** What Node's server makes of bytes; undefined when it refuses them. */
class NodeServer {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<NodeServer> {
    const server = createServer((request: IncomingMessage, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const seen: Seen = { url: request.url, headers: { ...request.headers }, rawHeaders: request.rawHeaders, body: Buffer.concat(chunks).toString('latin1') };
        response.end(JSON.stringify(seen));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new NodeServer(server);
  }

  read(chunk: Buffer): Promise<Seen | undefined> {
    return new Promise((resolve) => {
      let answer = '';
      const socket = connect((this.server.address() as AddressInfo).port, '127.0.0.1', () => socket.end(chunk));
      socket.on('data', (part: Buffer) => (answer += part.toString('utf8')));
      socket.on('error', () => undefined); // 'close' follows.
      socket.on('close', () => resolve(/^HTTP\/1\.1 200/.test(answer) ? (JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as Seen) : undefined));
    });
  }

  stop(): void {
    this.server.close();
  }
}

describe('parseRequest', () => {
  it('reads a plain request as it came', () => {
    const request = parseRequest(plain('X-Amz-Date: 20261125T000000Z', 'CONTENT-length:2', 'empty:', 'inner:\t a \tb  '));
    expect(request).toMatchObject({ method: 'POST', url: PATH, rawHeaders: ['Host', 'h', 'X-Amz-Date', '20261125T000000Z', 'CONTENT-length', '2', 'empty', '', 'inner', 'a \tb'] });
    expect({ ...request!.headers }).toEqual({ host: 'h', 'x-amz-date': '20261125T000000Z', 'content-length': '2', empty: '', inner: 'a \tb' });
    expect(request!.body.toString()).toBe('{}');
  });

  it.each<[string, Buffer]>([
    ['an incomplete head', bytes(`POST ${PATH} HTTP/1.1\r\nHost: h\r\n`)],
    ['an incomplete body', plain('Content-Length: 3')],
    ['more than one request', Buffer.concat([plain('Content-Length: 2'), plain('Content-Length: 2')])],
    ['no length', plain()],
    ['two lengths', plain('Content-Length: 2', 'Content-Length: 2')],
    ['a length with a sign', plain('Content-Length: +2')],
    ['a list of lengths', plain('Content-Length: 2, 2')],
    ['chunks', plain('Transfer-Encoding: chunked')],
    ['chunks and a length', plain('Content-Length: 2', 'transfer-encoding: chunked')],
    ['an expectation', plain('Content-Length: 2', 'Expect: 100-continue')],
    ['an upgrade', plain('Content-Length: 2', 'Connection: upgrade', 'Upgrade: x')],
    ['a connection that shall close', plain('Content-Length: 2', 'Connection: close')],
    ['a header twice', plain('Content-Length: 2', 'a: 1', 'A: 2')],
    ['no host', bytes(`POST ${PATH} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}`)],
    ['a folded header', plain('Content-Length: 2', 'a: 1', ' 2')],
    ['a blank before the colon', plain('Content-Length : 2')],
    ['a bare line feed', plain('Content-Length: 2\na: 1')],
    ['a bare carriage return', plain('Content-Length: 2', 'a: 1\rb')],
    ['a NUL', plain('Content-Length: 2', 'a: \0')],
    ['another method', bytes(`PUT ${PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}`)],
    ['another version', bytes(`POST ${PATH} HTTP/1.0\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}`)],
    ['another path', bytes('POST /2015-03-31/event-source-mappings HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}')],
    ['an absolute target', bytes(`POST http://h${PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}`)],
    ['a blank in the target', bytes(`POST ${PATH} x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}`)],
    ['a long head', plain('Content-Length: 2', `a: ${'x'.repeat(9_000)}`)],
  ])('leaves %s to the HTTP server', (_name, chunk) => {
    expect(parseRequest(chunk)).toBeUndefined();
  });

  it("never reads what it takes otherwise than Node's parser", async () => {
    const node = await NodeServer.start();
    try {
      const piece = fc.constantFrom('Host', 'host', 'a', 'X-Amz-Date', 'Content-Length', 'content-length', 'Transfer-Encoding', 'chunked', ':', ': ', ' :', '\r\n', '\n', '\r', '\t', ' ', '\0', '\u00a0', '\u00ff', '2', '1', '{}', '0\r\n\r\n', '\r\n\r\n', '__proto__', 'connection', 'keep-alive', 'close', ',', '/', '%2F', '"');
      const line = fc.oneof(
        { weight: 3, arbitrary: fc.tuple(fc.constantFrom('a', 'B', 'x-c', '__proto__', 'Connection', 'Cookie', 'date'), fc.constantFrom(':', ': ', ':\t', ' : '), fc.array(piece, { maxLength: 4 }).map((all) => all.join(''))).map((all) => all.join('')) },
        { weight: 1, arbitrary: fc.array(piece, { maxLength: 6 }).map((all) => all.join('')) },
      );
      const request = fc
        .tuple(fc.constantFrom(PATH, `${PATH}?Qualifier=1`, `${PATH}#x`, '/2015-03-31/functions/é/invocations'), fc.array(line, { maxLength: 4 }), fc.constantFrom('2', ' 2', '02', '2 ', '3', '1'), fc.boolean())
        .map(([path, lines, length, last]) => {
          const own = ['Host: h', `Content-Length:${length}`];
          return bytes([`POST ${path} HTTP/1.1`, ...(last ? [...lines, ...own] : [...own, ...lines]), '', '{}'].join('\r\n'));
        });
      let taken = 0;
      await fc.assert(
        fc.asyncProperty(request, async (chunk) => {
          const own = parseRequest(chunk);
          if (own === undefined) return;
          taken += 1;
          expect({ url: own.url, headers: { ...own.headers }, rawHeaders: own.rawHeaders, body: own.body.toString('latin1') }).toEqual(await node.read(chunk));
        }),
        { numRuns: 2_000 },
      );
      expect(taken).toBeGreaterThan(100);
    } finally {
      node.stop();
    }
  });
});

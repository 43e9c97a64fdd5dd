import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Head and body go out together up to this size, as one Latin-1 text. */
const ONE_WRITE_BYTES = 16_384;
const NOT_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** Where an answer goes that is written at once. */
export type Answerable = ServerResponse | PlainAnswer;

let date = { second: 0, text: '' };

/** The answer to a request that came past Node's HTTP server: HTTP/1.1, with a length, on a connection that stays. */
export class PlainAnswer {
  headersSent = false;
  private head = '';

  /**
   * @param keepAlive `timeout=N` as the client is told; absent: the connection ends with this answer
   * @param onEnd the connection is free again
   */
  constructor(
    private readonly socket: Socket,
    private readonly keepAlive: string | undefined,
    private readonly onEnd: (closes: boolean) => void,
  ) {}

  get destroyed(): boolean {
    return this.socket.destroyed;
  }

  /** @throws TypeError for values that cannot stand in a header */
  writeHead(status: number, headers: Readonly<Record<string, string | number>>): void {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
    for (const name in headers) {
      const value = String(headers[name]);
      if (NOT_A_VALUE.test(value)) throw new TypeError(`Invalid character in header ${name}`);
      head += `${name}: ${value}\r\n`;
    }
    const connection = this.keepAlive === undefined ? 'Connection: close\r\n' : `Connection: keep-alive\r\nKeep-Alive: ${this.keepAlive}\r\n`;
    this.head = `${head}Date: ${httpDate()}\r\n${connection}\r\n`;
    this.headersSent = true;
  }

  /** @param body bytes, or a text of Latin-1 characters that stand for bytes */
  end(body?: Uint8Array | string, _encoding?: 'latin1'): void {
    const { socket, head } = this;
    if (!socket.destroyed) {
      if (body === undefined) socket.write(head, 'latin1');
      else if (typeof body === 'string') socket.write(head + body, 'latin1');
      else if (body.byteLength <= ONE_WRITE_BYTES) socket.write(head + Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'), 'latin1');
      else {
        socket.cork();
        socket.write(head, 'latin1');
        socket.write(body);
        socket.uncork();
      }
    }
    this.onEnd(this.keepAlive === undefined);
  }
}

function httpDate(): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== date.second) date = { second, text: new Date(second * 1_000).toUTCString() };
  return date.text;
}

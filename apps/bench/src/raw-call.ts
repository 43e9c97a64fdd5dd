import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { BenchPlatform } from './platform.js';

const EVENT = Buffer.from('{"n":1}');

/** Synchronous invocations over one raw connection: what Node's HTTP client takes for itself (some ms when it is cold) is nobody's latency. */
export class RawCaller {
  private constructor(
    private readonly platform: BenchPlatform,
    private readonly socket: Socket,
  ) {}

  static async open(platform: BenchPlatform): Promise<RawCaller> {
    const socket = connect({ port: platform.port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RawCaller(platform, socket);
  }

  /** @returns ms; throws unless the function gave its event back */
  async invoke(name: string, event: Buffer = EVENT): Promise<number> {
    const request = this.platform.sign('POST', `/2015-03-31/functions/${name}/invocations`, event);
    const begin = performance.now();
    const answered = this.answer(event.toString());
    this.socket.write(request);
    await answered;
    return performance.now() - begin;
  }

  close(): void {
    this.socket.destroy();
  }

  private answer(expected: string): Promise<void> {
    return new Promise((resolve, reject) => {
      let received = '';
      const settle = (error?: Error): void => {
        this.socket.off('data', take).off('close', gone);
        if (error) reject(error);
        else resolve();
      };
      const gone = (): void => settle(new Error('The server closed the connection'));
      const take = (chunk: Buffer): void => {
        received += chunk.toString('latin1');
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = received.slice(0, end);
        const body = received.slice(end + 4);
        if (body.length < Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)) return;
        const right = head.startsWith('HTTP/1.1 200') && body === expected && !/\r\nx-amz-function-error:/i.test(head);
        settle(right ? undefined : new Error(`Wrong answer: ${received.slice(0, 1_000)}`));
      };
      this.socket.on('data', take).on('close', gone);
    });
  }
}

import { createServer, type Server, type Socket } from 'node:net';
import { encodeFrame, FRAME } from '../channel/frames.js';

/** The connection on which a runtime client waits for its function: a socket beside the one of its later invocations. */
export class EmberDoor {
  /** The client is booted and waits. */
  readonly ready: Promise<void>;
  private readonly server: Server;
  private socket: Socket | undefined;

  private constructor() {
    let isReady: () => void;
    this.ready = new Promise((resolve) => (isReady = resolve));
    this.server = createServer((socket) => {
      this.server.close(); // One connection, the first; the file of the socket goes with this.
      this.socket = socket;
      // The client goes away: its process ends, or it has become a runtime. Either shows elsewhere.
      socket.on('error', () => undefined);
      socket.resume();
      isReady();
    });
  }

  static async listen(path: string): Promise<EmberDoor> {
    const door = new EmberDoor();
    await new Promise<void>((resolve, reject) => {
      door.server.once('error', reject);
      door.server.listen({ path, readableAll: true, writableAll: true }, resolve);
    });
    return door;
  }

  /** The client becomes the runtime of a function with this environment. */
  assign(environment: Readonly<Record<string, string>>): void {
    this.socket!.end(encodeFrame(FRAME.assign, { environment }, Buffer.alloc(0)));
  }

  /** A client that was not assigned ends. */
  close(): void {
    this.server.close();
    this.socket?.destroy();
  }
}

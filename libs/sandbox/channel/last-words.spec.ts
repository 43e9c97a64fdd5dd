import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrame, FRAME } from './frames.js';
import { HttpChannel } from './http-channel.js';
import { SocketChannel } from './socket-channel.js';

/** A runtime that reports why it could not start and is gone before the worker has looked at its connection. */
describe('the last words of a runtime that has ended', () => {
  it('are read from the socket channel', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hearth-words-'));
    try {
      const channel = await SocketChannel.listen(join(directory, 'runtime.sock'));
      connect(join(directory, 'runtime.sock')).end(encodeFrame(FRAME.initError, { errorType: 'RangeError' }, Buffer.from('{"errorType":"RangeError"}')));
      await channel.runtimeEnded();
      expect(await channel.init).toMatchObject({ kind: 'error', errorType: 'RangeError' });
      await channel.closed;
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('are read from the HTTP channel', async () => {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const channel = new HttpChannel();
    channel.serveListener(listener);
    const { port } = listener.address() as AddressInfo;
    const call = request({ port, method: 'POST', path: '/2018-06-01/runtime/init/error', headers: { 'lambda-runtime-function-error-type': 'Runtime.NoSuchHandler' }, agent: false });
    call.on('error', () => undefined); // The channel may close first; the body has been read by then.
    call.end('{"errorType":"Runtime.NoSuchHandler"}');
    await new Promise((resolve) => listener.once('connection', resolve));
    await channel.runtimeEnded();
    expect(await channel.init).toMatchObject({ kind: 'error', errorType: 'Runtime.NoSuchHandler' });
    channel.close();
  });

  it('are not waited for when there never was a connection', async () => {
    const channel = new HttpChannel();
    await channel.runtimeEnded();
    expect(await channel.init).toEqual({ kind: 'closed' });
  });
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperatorError } from '@hearth/kernel';
import type { Logger } from '@hearth/telemetry';
import type { UrlEndpoint } from './url-endpoint.js';

/** Request line and headers together (spec/invoke.md 1.1). */
const MAX_HEAD_BYTES = 1_048_576;
const HEAD_TIMEOUT_MS = 30_000;
/** A client that has not sent its whole request by then is cut off. Answers may take as long as functions do. */
const REQUEST_TIMEOUT_MS = 300_000;
const DEFAULT_GRACE_MS = 30_000;

/** The port on which function URLs are served. */
export class IngressServer {
  private readonly server: Server;

  constructor(
    endpoint: UrlEndpoint,
    private readonly address: { host: string; port: number },
    private readonly logger: Logger,
  ) {
    this.server = createServer({ maxHeaderSize: MAX_HEAD_BYTES, headersTimeout: HEAD_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => void endpoint.handle(request, response));
  }

  /**
   * @returns the port listened on
   * @throws OperatorError when the port cannot be had
   */
  async listen(): Promise<number> {
    const { host, port } = this.address;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error) => reject(cannotListen(this.address, error)));
      this.server.listen(port, host, resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  /** Takes no new requests, lets those under way end, and cuts what is left after `graceMs` (default 30 s). */
  async close(graceMs = DEFAULT_GRACE_MS): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    const cut = setTimeout(() => {
      this.logger.warn({ graceMs }, 'requests to function URLs were still under way at the end of the grace period; their connections are cut');
      this.server.closeAllConnections();
    }, graceMs);
    try {
      await closed;
    } finally {
      clearTimeout(cut);
    }
  }
}

function cannotListen({ host, port }: { host: string; port: number }, error: Error): Error {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') return new OperatorError(`Port ${port} on ${host}, meant for function URLs, is in use by another process.`, 'Stop that process, or set HEARTH_INGRESS_PORT to a free port.');
  if (code === 'EACCES') return new OperatorError(`This user may not listen on port ${port}.`, 'Set HEARTH_INGRESS_PORT to a port above 1023.');
  return error;
}

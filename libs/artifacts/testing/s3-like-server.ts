import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SigV4Verifier } from '@hearth/aws-wire';
import { systemClock } from '@hearth/kernel';

/** A store that knows GetObject, refuses what is not signed by its key, and says what S3 says. */
export class S3LikeServer {
  readonly credentials = { accessKeyId: 'AKIDSTORE', secretAccessKey: 'the-secret-of-the-store' };
  readonly region = 'eu-west-1';
  /** `BUCKET/KEY` or `BUCKET/KEY?versionId=V` to content. */
  readonly objects = new Map<string, Buffer>();
  readonly buckets = new Set<string>(['code']);
  /** Answers every request with this status instead. */
  failWith: number | undefined;
  private readonly verifier = new SigV4Verifier({ region: this.region, clock: systemClock });
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const [rawPath = '', rawQuery = ''] = (request.url ?? '').split('?', 2);
      const refuse = (status: number, code: string, message: string): void => {
        response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
      };
      if (this.failWith !== undefined) return refuse(this.failWith, 'InternalError', 'We encountered an internal error.');
      try {
        const presented = this.verifier.present({ method: request.method ?? '', rawPath, rawQuery, rawHeaders: request.rawHeaders });
        this.verifier.verify(presented, { ...this.credentials, active: true }, Buffer.alloc(0));
      } catch {
        return refuse(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided.');
      }
      const [, bucket = '', ...key] = rawPath.split('/').map(decodeURIComponent);
      if (!this.buckets.has(bucket)) return refuse(404, 'NoSuchBucket', 'The specified bucket does not exist');
      const name = `${bucket}/${key.join('/')}`;
      const found = this.objects.get(rawQuery === '' ? name : `${name}?${decodeURIComponent(rawQuery)}`);
      if (found !== undefined) response.writeHead(200, { 'content-type': 'application/zip' }).end(found);
      else if (this.objects.has(name)) refuse(404, 'NoSuchVersion', 'The specified version does not exist.');
      else refuse(404, 'NoSuchKey', 'The specified key does not exist.');
    });
  }

  static async start(): Promise<S3LikeServer> {
    const store = new S3LikeServer();
    await new Promise<void>((listening) => store.server.listen(0, '127.0.0.1', listening));
    return store;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((closed) => this.server.close(() => closed()));
  }
}

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** As much of a registry as an engine needs to pull: one repository behind a password. Real HTTP, real digests. */
export class ImageRegistry {
  readonly credentials = { username: 'puller', password: 'correct horse' };
  /** Requests that got a manifest or a layer. */
  served = 0;
  private readonly content = new Map<string, { type: string; bytes: Buffer }>();
  private readonly endless = new Map<string, number>();
  private readonly server = createServer((request, response) => this.serve(request, response));

  private constructor() {}

  static async open(): Promise<ImageRegistry> {
    const registry = new ImageRegistry();
    registry.server.listen(0, '127.0.0.1');
    await once(registry.server, 'listening');
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /**
   * @param layer a tar
   * @returns hex digest of the manifest
   */
  push(repository: string, tag: string, layer: Buffer, config: object, architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'): string {
    const image = Buffer.from(JSON.stringify({ architecture, os: 'linux', config, rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] }, history: [{}] }));
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: image.length, digest: `sha256:${sha256(image)}` },
        layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: layer.length, digest: `sha256:${sha256(layer)}` }],
      }),
    );
    for (const bytes of [layer, image]) this.content.set(`/v2/${repository}/blobs/sha256:${sha256(bytes)}`, { type: 'application/octet-stream', bytes });
    for (const reference of [tag, `sha256:${sha256(manifest)}`]) this.content.set(`/v2/${repository}/manifests/${reference}`, { type: MANIFEST, bytes: manifest });
    return sha256(manifest);
  }

  /** An image whose only layer is said to have so many bytes; its download never ends. */
  pushEndless(repository: string, tag: string, bytes: number): string {
    const layer = 'e'.repeat(64);
    const image = Buffer.from(JSON.stringify({ architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] }, history: [{}] }));
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: image.length, digest: `sha256:${sha256(image)}` },
        layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: bytes, digest: `sha256:${layer}` }],
      }),
    );
    this.content.set(`/v2/${repository}/blobs/sha256:${sha256(image)}`, { type: 'application/octet-stream', bytes: image });
    this.endless.set(`/v2/${repository}/blobs/sha256:${layer}`, bytes);
    for (const reference of [tag, `sha256:${sha256(manifest)}`]) this.content.set(`/v2/${repository}/manifests/${reference}`, { type: MANIFEST, bytes: manifest });
    return sha256(manifest);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const { username, password } = this.credentials;
    if (request.headers.authorization !== `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"', 'content-type': 'application/json' }).end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
      return;
    }
    if (request.url === '/v2/') return void response.writeHead(200).end('{}');
    const endless = this.endless.get(request.url ?? '');
    if (endless !== undefined) {
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': endless });
      response.write(Buffer.alloc(4_194_304, 1));
      return; // The rest never comes.
    }
    const found = this.content.get(request.url ?? '');
    if (found === undefined) return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    this.served += 1;
    response.writeHead(200, { 'content-type': found.type, 'content-length': found.bytes.length, 'docker-content-digest': `sha256:${sha256(found.bytes)}` });
    response.end(request.method === 'HEAD' ? undefined : found.bytes);
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

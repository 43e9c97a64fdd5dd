import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskPackageStore } from '@hearth/artifacts';
import Docker from 'dockerode';
import { ZipFile } from 'yazl';
import { DockerDriver } from './drivers/docker-driver.js';
import { ownerOf } from './drivers/owner.js';
import { ProcessDriver } from './drivers/process-driver.js';
import { SandboxPool } from './pool/sandbox-pool.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import type { SandboxDriver } from './sandbox-driver.js';
import { answerOf, requestFor, specFor, TEST_LIMITS, type DriverPlace } from './testing/bench.js';

const docker = new Docker();
const catalogue = RuntimeCatalogue.load();

const NODE = `
const fs = require('node:fs');
const { execFileSync } = require('node:child_process');
const attempt = (work) => { try { return work(); } catch (error) { return error.code ?? error.message; } };
exports.handler = async () => ({
  common: require('common').name,
  versioned: require('versioned').name,
  tool: execFileSync('tool').toString().trim(),
  library: process.env.LD_LIBRARY_PATH.split(':').includes('/opt/lib') && fs.readFileSync('/opt/lib/libx.so', 'utf8'),
  write: attempt(() => fs.writeFileSync('/opt/new', 'x')),
  change: attempt(() => fs.appendFileSync('/opt/lib/libx.so', 'x')),
});`;
const PYTHON = `
import common, versioned
def handler(event, context):
    return [common.name, versioned.name]
`;
const BOOTSTRAP = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
headers=$(mktemp)
while :; do
  curl -sS -o /dev/null -D "$headers" "$api/next" || exit 1
  id=$(sed -n 's/^lambda-runtime-aws-request-id: *\\([^\\r]*\\).*$/\\1/Ip' "$headers" | tr -d '\\r')
  curl -sS -o /dev/null -X POST -d '"from the layer"' "$api/$id/response"
done
`;

class LayerBench {
  private constructor(
    readonly root: string,
    readonly pool: SandboxPool,
    readonly packages: DiskPackageStore,
  ) {}

  static async open(make: (place: DriverPlace) => SandboxDriver): Promise<LayerBench> {
    const root = await mkdtemp(join(tmpdir(), 'hearth-layers-'));
    const packages = new DiskPackageStore({ root: join(root, 'packages') });
    const pool = new SandboxPool({
      driver: make({ stateDirectory: root, incarnation: randomUUID().slice(0, 8), report: () => undefined }),
      codeDirectory: (digest) => packages.directory(digest),
      layersDirectory: (digests) => packages.layers(digests),
      logSink: { write: () => undefined },
      limits: TEST_LIMITS,
      report: () => undefined,
    });
    await pool.start();
    return new LayerBench(root, pool, packages);
  }

  /** @returns digest */
  async store(files: Record<string, string>): Promise<string> {
    const zip = new ZipFile();
    for (const [path, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), path, { mtime: new Date(0), mode: 0o100755 });
    zip.end();
    const parts: Buffer[] = [];
    for await (const part of zip.outputStream) parts.push(part as Buffer);
    return (await this.packages.put(Buffer.concat(parts))).digest;
  }

  async close(): Promise<void> {
    await this.pool.stop();
    await rm(this.root, { recursive: true, force: true });
  }
}

describe('layers in a container', () => {
  let bench: LayerBench;
  beforeAll(async () => {
    bench = await LayerBench.open((place) => new DockerDriver({ ...place, docker, catalogue, labels: { 'hearth.test': 'lambda1' } }));
  });
  afterAll(() => bench.close());

  it('are /opt, read-only, where the Node.js runtime and the shell look; the last one wins', async () => {
    const below = await bench.store({
      'nodejs/node_modules/common/index.js': "exports.name = 'below';",
      'nodejs/node22/node_modules/versioned/index.js': "exports.name = 'for 22';",
      'nodejs/node_modules/versioned/index.js': "exports.name = 'for all';",
      'lib/libx.so': 'library',
    });
    const above = await bench.store({ 'nodejs/node_modules/common/index.js': "exports.name = 'above';", 'bin/tool': '#!/bin/sh\necho tool of a layer\n' });
    const spec = specFor(await bench.store({ 'index.js': NODE }), { layers: [below, above] });
    const expected = { common: 'above', versioned: 'for 22', tool: 'tool of a layer', library: 'library', write: 'EROFS', change: expect.stringMatching(/^(EROFS|EACCES)$/) }; // As root's file, or as the worker's own.
    expect(answerOf(await bench.pool.invoke(requestFor(spec, {})))).toEqual(expected);

    // A second function with the same list shares the directory.
    await bench.pool.invoke(requestFor({ ...spec, functionName: 'second', sandboxKey: randomUUID() }, {}));
    const containers = await docker.listContainers({ filters: { label: [`hearth.owner=${ownerOf(bench.root, '').owner}`] } });
    const sources = containers.map(({ Mounts }) => Mounts.find(({ Destination }) => Destination === '/opt')?.Source);
    expect(sources).toHaveLength(2);
    expect(new Set(sources)).toEqual(new Set([await bench.packages.layers([below, above])]));
  });

  it('are where the Python runtime looks', async () => {
    const version = '3.13';
    const layers = [await bench.store({ 'python/common.py': "name = 'common'" }), await bench.store({ [`python/lib/python${version}/site-packages/versioned.py`]: "name = 'versioned'" })];
    const spec = specFor(await bench.store({ 'app.py': PYTHON }), { runtime: `python${version}`, handler: 'app.handler', layers });
    expect(answerOf(await bench.pool.invoke(requestFor(spec, {})))).toEqual(['common', 'versioned']);
  });

  it('bring the bootstrap of a custom runtime', async () => {
    const spec = specFor(await bench.store({ 'data.txt': 'no bootstrap here' }), { runtime: 'provided.al2023', layers: [await bench.store({ bootstrap: BOOTSTRAP })] });
    expect(answerOf(await bench.pool.invoke(requestFor(spec, {})))).toBe('from the layer');
  });
});

describe('layers with the process driver', () => {
  it('are refused', async () => {
    const bench = await LayerBench.open((place) => new ProcessDriver({ ...place, catalogue }));
    try {
      const spec = specFor(await bench.store({ 'index.js': NODE }), { functionName: 'layered', layers: [await bench.store({ a: 'b' })] });
      await expect(bench.pool.invoke(requestFor(spec, {}))).rejects.toMatchObject({ code: 'InvalidParameterValueException', status: 400, message: expect.stringMatching(/^Function layered has layers, which the process sandbox driver does not support\./) });
    } finally {
      await bench.close();
    }
  });
});

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { promisify } from 'node:util';
import { ServiceError } from '@hearth/kernel';
import Docker from 'dockerode';
import { ApiBridge } from './api-bridge/api-bridge.js';
import { DockerDriver } from './drivers/docker-driver.js';
import { openByNode, mayEnterNamespaces, NamespaceListeners } from './drivers/namespace-listener.js';
import { ownerOf } from './drivers/owner.js';
import { ProcessDriver } from './drivers/process-driver.js';
import type { FunctionSpec } from './function-spec.js';
import type { CredentialSource, IssuedCredentials } from './pool/credential-source.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import type { SandboxDriver } from './sandbox-driver.js';
import { answerOf, Bench, requestFor, specFor, until, type DriverPlace } from './testing/bench.js';

const docker = new Docker();
const catalogue = RuntimeCatalogue.load();
const LIFETIME_MS = 12 * 3_600_000;

/** Hands out numbered credentials and remembers what became of them. */
class RecordingSource implements CredentialSource {
  readonly issued: { spec: FunctionSpec; credentials: IssuedCredentials }[] = [];
  readonly revoked: string[] = [];
  lifetimeMs = LIFETIME_MS;
  failure: Error | undefined;

  async issue(spec: FunctionSpec): Promise<IssuedCredentials> {
    if (this.failure) throw this.failure;
    const secret = randomUUID();
    const credentials = { accessKeyId: `ASIA${this.issued.length}`, secretAccessKey: `secret ${secret}`, sessionToken: `token'"$ ${secret}`, expiresAt: Date.now() + this.lifetimeMs };
    this.issued.push({ spec, credentials });
    return credentials;
  }

  revoke(accessKeyId: string): void {
    this.revoked.push(accessKeyId);
  }
}

const NAMES = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

function suite(name: string, make: (place: DriverPlace, api: () => string) => SandboxDriver): void {
  describe(`credentials in sandboxes of the ${name} driver`, () => {
    let bench: Bench;
    let source: RecordingSource;
    let api: Server;
    const seen: IncomingMessage[] = [];
    const endpoint = (): string => `http://127.0.0.1:${(api.address() as AddressInfo).port}`;

    beforeAll(async () => {
      api = createServer((request, response) => {
        seen.push(request);
        response.end(JSON.stringify({ host: request.headers.host, path: request.url }));
      }).listen(0, '127.0.0.1');
      await once(api, 'listening');
    });
    beforeEach(async () => {
      seen.length = 0;
      source = new RecordingSource();
      bench = await Bench.open((place) => make(place, endpoint), { idleMs: 60_000 }, undefined, { credentials: source });
    });
    afterEach(() => bench.close());
    afterAll(() => {
      api.closeAllConnections();
      api.close();
    });
    const environment = async (spec: FunctionSpec, names = NAMES): Promise<string[]> => {
      const all = answerOf(await bench.invoke(spec, { probe: 'env' }));
      return names.map((name) => all[name]);
    };
    const fetchApi = (spec: FunctionSpec, path: string) => bench.invoke(spec, { probe: 'fetch', path });

    it('are the ones issued for that sandbox, and stay while it is warm', async () => {
      const spec = specFor('node', { environment: { AWS_SESSION_TOKEN_OF_MINE: 'x' } });
      const first = await environment(spec);
      expect(await environment(spec)).toEqual(first);
      const { credentials } = source.issued[0]!;
      expect(first).toEqual([credentials.accessKeyId, credentials.secretAccessKey, credentials.sessionToken]);
      expect(source.issued.map((one) => one.spec.functionName)).toEqual([spec.functionName]);
      expect(await environment(specFor('node'))).not.toEqual(first);
      expect(source.revoked).toEqual([]);
    });

    it('are revoked when the sandbox ends, however it ends', async () => {
      const spec = specFor('node', { timeoutSeconds: 1 });
      await bench.invoke(spec, { probe: 'never' });
      await until(() => source.revoked.length === 1, 'revoked after the timeout');
      await bench.invoke(spec, { probe: 'exit', status: 1 });
      await until(() => source.revoked.length === 2, 'revoked after the exit');
      await bench.invoke(specFor('failing-init'), {});
      await until(() => source.revoked.length === 3, 'revoked after the failed init');
      await environment(spec);
      bench.pool.retire(() => true);
      await until(() => source.revoked.length === 4, 'revoked after the sandbox was superseded');
      await environment(spec);
      await bench.pool.stop();
      expect(source.revoked).toEqual(source.issued.map(({ credentials }) => credentials.accessKeyId));
    });

    it('never expire under an invocation: a sandbox makes room for a new one before', async () => {
      const spec = specFor('node', { timeoutSeconds: 2 });
      source.lifetimeMs = 60_000 + 2_000 + 1_500;
      const first = (await environment(spec))[0];
      await until(async () => (await environment(spec))[0] !== first, 'another sandbox with other credentials serves');
      const { credentials } = source.issued[0]!;
      expect(credentials.expiresAt - Date.now()).toBeGreaterThan(2_000);
      await until(() => source.revoked.includes(credentials.accessKeyId), 'the former are revoked');
    });

    it('cannot be had: the caller is told, and nothing is left', async () => {
      source.failure = new ServiceError('InvalidParameterValueException', 400, 'The role defined for the function cannot be assumed by Lambda.');
      await expect(environment(specFor('node'))).rejects.toBe(source.failure);
      await until(() => Object.values(bench.pool.stats().states).every((count) => count === 0), 'no sandbox is left');
      source.failure = undefined;
      expect(await environment(specFor('node'))).toHaveLength(3);
    });

    it("come with the address of Hearth's API, which answers from the first line of the function's code on", async () => {
      const spec = specFor('calling-init');
      const outcome = await bench.invoke(spec, {});
      const [url, answer] = answerOf(outcome);
      expect(answer).toEqual({ host: new URL(url).host, path: '/from-init?x=1' });
      expect(answerOf(await fetchApi(specFor('node'), '/2015-03-31/functions/'))).toMatchObject({ status: 200 });
    });

    it('leave an address of the user alone', async () => {
      expect(await environment(specFor('node', { environment: { AWS_ENDPOINT_URL: 'http://mine:1' } }), ['AWS_ENDPOINT_URL'])).toEqual(['http://mine:1']);
    });

    if (name === 'docker') {
      it('are in no docker inspect, and lead nowhere but to the API', async () => {
        const spec = specFor('node');
        await environment(spec);
        const containers = await docker.listContainers({ filters: { label: [`hearth.owner=${ownerOf(bench.stateDirectory, '').owner}`] } });
        expect(containers).toHaveLength(1);
        const shown = JSON.stringify(await docker.getContainer(containers[0]!.Id).inspect());
        const { accessKeyId, ...secrets } = source.issued[0]!.credentials;
        for (const secret of [secrets.secretAccessKey, secrets.sessionToken]) expect(shown).not.toContain(secret);
        expect(shown).not.toContain(accessKeyId);
        expect(answerOf(await fetchApi(spec, '/_hearth/health'))).toMatchObject({ status: 404 });
        expect(seen).toEqual([]);
        // The API's own port on this machine is as far away as everything else.
        const targets = [['127.0.0.1', (api.address() as AddressInfo).port], ['127.0.0.1', 4_510]];
        expect(answerOf(await bench.invoke(spec, { probe: 'reach', targets }))).toEqual(['ECONNREFUSED', 'connected']);
      });

      it('go to HTTP runtimes too, with both listeners', async () => {
        const spec = specFor('shell', { runtime: 'provided.al2023', handler: 'x' });
        expect(answerOf(await bench.invoke(spec, { probe: 'api' }))).toEqual({ host: '127.0.0.1:4510', path: `/shell?${source.issued[0]!.credentials.accessKeyId}` });
      });
    }
  });
}

suite('docker', (place, api) => new DockerDriver({ ...place, docker, catalogue, labels: { 'hearth.test': 'creds' }, api: new ApiBridge({ endpoint: api, report: place.report }) }));
suite('process', (place, api) => new ProcessDriver({ ...place, catalogue, apiEndpoint: api }));

describe('listeners in network namespaces', () => {
  const listeners = new NamespaceListeners();
  let container: Docker.Container;
  let pid: number;

  beforeAll(async () => {
    container = await docker.createContainer({ Image: catalogue.resolve('nodejs22.x').image, Cmd: ['sleep', '300'], Labels: { 'hearth.test': 'creds' }, HostConfig: { NetworkMode: 'none' } });
    await container.start();
    pid = (await container.inspect()).State.Pid;
  });
  afterAll(async () => {
    listeners.close();
    await container.remove({ force: true });
  });

  const served = async (listener: NetServer, port: number): Promise<string> => {
    listener.on('connection', (socket) => socket.end('hello'));
    const { stdout } = await promisify(execFile)('nsenter', ['-t', String(pid), '-n', process.execPath, '-e', `require('net').connect(${port}, '127.0.0.1').pipe(process.stdout)`]);
    listener.close();
    return stdout;
  };

  it('can be opened here', async () => {
    expect(await mayEnterNamespaces()).toBe(true);
  });

  it('serve the process in there, many at once', async () => {
    const ports = Array.from({ length: 20 }, (_, index) => 45_200 + index);
    const opened = await Promise.all(ports.map((port) => listeners.listen(pid, port)));
    expect(await served(opened[0]!, 45_200)).toBe('hello');
    await expect(listeners.listen(pid, 45_201)).rejects.toThrow('bind: Address already in use');
    for (const listener of opened.slice(1)) listener.close();
  });

  it('are opened by a Node process where the helper cannot run', async () => {
    expect(await served(await openByNode(pid, 45_300, 'net.Server'), 45_300)).toBe('hello');
  });

  it("are not opened in the machine's own, and a process that is gone is an error", async () => {
    for (const listen of [(id: number, port: number) => openByNode(id, port, 'net.Server'), (id: number, port: number) => listeners.listen(id, port)]) {
      await expect(listen(process.pid, 45_123)).rejects.toThrow('not in a namespace of its own');
      await expect(listen(2 ** 22 + 1, 45_123)).rejects.toThrow('No such file');
    }
  });

  it('are opened by the next helper when one ended', async () => {
    listeners.close();
    expect(await served(await listeners.listen(pid, 45_400), 45_400)).toBe('hello');
  });
});

it('a request names no credentials: only the sandbox has them', () => {
  expect(JSON.stringify(requestFor(specFor('node'), {}))).not.toMatch(/accessKey|secret|token/i);
});

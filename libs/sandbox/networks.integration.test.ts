import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { ApiBridge } from './api-bridge/api-bridge.js';
import { DockerDriver } from './drivers/docker-driver.js';
import type { EgressPolicy } from './network/egress-policy.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import { answerOf, Bench, specFor } from './testing/bench.js';

const run = promisify(execFile);
const docker = new Docker();
const catalogue = RuntimeCatalogue.load();
const LABELS = { 'hearth.test': 'networks' };
const MARK = process.pid.toString(36);
const NAMESPACE = `hearth-net-${MARK}`;
/** Addresses for documentation stand for the internet; the other for somebody's office. */
const INTERNET = '198.51.100.2';
const OFFICE = '10.77.99.2';
const PORT = 7_007;

/** Another machine, as far as this one is concerned: a network namespace behind a cable. */
async function otherMachine(): Promise<{ close(): Promise<void> }> {
  await run('sh', [
    '-ec',
    `ip netns add ${NAMESPACE}
     ip link add hn${MARK} type veth peer name far netns ${NAMESPACE}
     ip addr add 198.51.100.1/24 dev hn${MARK}
     ip addr add 10.77.99.1/24 dev hn${MARK}
     ip link set hn${MARK} up
     ip -n ${NAMESPACE} addr add ${INTERNET}/24 dev far
     ip -n ${NAMESPACE} addr add ${OFFICE}/24 dev far
     ip -n ${NAMESPACE} link set far up`,
  ]);
  const server: ChildProcess = spawn(
    'ip',
    [
      'netns',
      'exec',
      NAMESPACE,
      process.execPath,
      '-e',
      `require('net').createServer((s) => s.on('error', () => 0).end('hello')).listen(${PORT}, () => console.log('up'))`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(server.stdout!, 'data');
  return {
    close: async () => {
      server.kill('SIGKILL');
      await run('ip', ['link', 'del', `hn${MARK}`]);
      await run('ip', ['netns', 'del', NAMESPACE]);
    },
  };
}

/** Knows one name, whatever it is asked. */
async function nameServer(): Promise<{ address: string; close(): void }> {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const answer = Buffer.concat([
      question,
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...INTERNET.split('.').map(Number)]),
    ]);
    const isAddress = question.readUInt16BE(question.length - 4) === 1;
    answer.writeUInt16BE(0x8180, 2);
    answer.writeUInt16BE(isAddress ? 1 : 0, 6);
    answer.writeUInt16BE(0, 10);
    socket.send(
      isAddress ? answer.subarray(0, question.length + 16) : answer.subarray(0, question.length),
      from.port,
      from.address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() };
}

describe('networks of sandboxes', () => {
  let machine: Awaited<ReturnType<typeof otherMachine>>;
  let names: Awaited<ReturnType<typeof nameServer>>;
  const api = createServer((_request, response) => response.end('the api'));
  const ownAddress = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find((one) => one.family === 'IPv4' && !one.internal)!.address;

  beforeAll(async () => {
    machine = await otherMachine();
    names = await nameServer();
    api.listen(0, '0.0.0.0');
    await once(api, 'listening');
  });
  afterAll(async () => {
    api.close();
    names.close();
    await machine.close();
  });

  const apiPort = (): number => (api.address() as AddressInfo).port;
  async function withBench(egress: EgressPolicy, test: (bench: Bench) => Promise<void>): Promise<void> {
    const bridge = new ApiBridge({ endpoint: () => `http://127.0.0.1:${apiPort()}`, report: () => undefined });
    const bench = await Bench.open(
      (place) =>
        new DockerDriver({
          ...place,
          docker,
          catalogue,
          egress,
          names: { servers: () => [names.address] },
          api: bridge,
          labels: LABELS,
        }),
    );
    try {
      await test(bench);
    } finally {
      await bench.close();
    }
  }
  const reach = async (bench: Bench, targets: [string, number][], changes = {}): Promise<string[]> =>
    answerOf(await bench.invoke(specFor('node', changes), { probe: 'reach', targets })) as string[];

  it('lets functions reach the internet by name, and nothing of the host or of private networks', () =>
    withBench({ mode: 'open', allow: [] }, async (bench) => {
      const results = await reach(bench, [
        [INTERNET, PORT],
        ['any.example.com', PORT],
        [OFFICE, PORT],
        [ownAddress, apiPort()],
        ['198.51.100.1', apiPort()],
        ['172.17.0.1', apiPort()],
        ['169.254.169.254', 80],
      ]);
      expect(results).toEqual([
        'connected',
        'connected',
        'ENETUNREACH',
        'ENETUNREACH',
        'ENETUNREACH',
        'ENETUNREACH',
        'ENETUNREACH',
      ]);
      const fetched = answerOf(await bench.invoke(specFor('node'), { probe: 'fetch', path: '/' }));
      expect(fetched).toEqual({ status: 200, body: 'the api' });
      expect(answerOf(await bench.invoke(specFor('shell', { runtime: 'provided.al2023' }), { n: 1 }))).toEqual({
        echo: { n: 1 },
      });
    }));

  it('lets functions reach what is allowed besides, but never the host', () =>
    withBench({ mode: 'open', allow: ['10.77.99.0/24', `${ownAddress}/32`] }, async (bench) => {
      expect(
        await reach(bench, [
          [OFFICE, PORT],
          [INTERNET, PORT],
          [ownAddress, apiPort()],
          ['10.77.99.1', apiPort()],
        ]),
      ).toEqual(['connected', 'connected', 'ENETUNREACH', 'ENETUNREACH']);
    }));

  it('lets functions reach only what is on the list', () =>
    withBench({ mode: 'allow-list', allow: ['10.77.99.2/32'] }, async (bench) => {
      expect(
        await reach(bench, [
          [OFFICE, PORT],
          [INTERNET, PORT],
        ]),
      ).toEqual(['connected', 'ENETUNREACH']);
    }));

  it('gives functions no network at all', () =>
    withBench({ mode: 'none', allow: [] }, async (bench) => {
      expect(
        await reach(bench, [
          [INTERNET, PORT],
          ['any.example.com', PORT],
        ]),
      ).toEqual(['ENETUNREACH', expect.stringMatching(/^E(AI_AGAIN|CONNREFUSED|NOTFOUND)$/)]);
    }));

  it('leaves nothing behind on the host', async () => {
    let name = '';
    await withBench({ mode: 'open', allow: [] }, async (bench) => {
      await reach(bench, [[INTERNET, PORT]]);
      const [network] = await docker.listNetworks({ filters: { label: ['hearth.test=networks'] } });
      name = network!.Name;
      expect(name).toMatch(/^hearth-egress-/);
      expect(Object.keys(networkInterfaces()).join(' ')).toMatch(/hearth/);
    });
    expect((await docker.listNetworks()).map((network) => network.Name)).not.toContain(name);
    const { stdout } = await run('ip', ['-o', 'link']);
    expect(stdout).not.toContain(`hearth${name.slice('hearth-egress-'.length).slice(0, 8)}`);
  });

  it("attaches a function to the operator's networks: those on them are reached by name, no others, and no other sandbox", async () => {
    const network = await docker.createNetwork({ Name: `hearth-test-${MARK}`, Labels: LABELS });
    const script = `require('net').createServer((s) => s.on('error', () => 0).end('rows')).listen(5432)`;
    const options = { Image: 'hearth/nodejs22.x', Entrypoint: ['/var/lang/bin/node', '-e', script], Labels: LABELS };
    const [database, outsider] = await Promise.all([
      docker.createContainer({ ...options, name: `db-${MARK}`, HostConfig: { NetworkMode: `hearth-test-${MARK}` } }),
      docker.createContainer({ ...options, name: `out-${MARK}` }),
    ]);
    try {
      await Promise.all([database.start(), outsider.start()]);
      const addressOf = async (container: Docker.Container): Promise<string> =>
        Object.values((await container.inspect()).NetworkSettings.Networks)[0]!.IPAddress;
      const [inside, outside] = [await addressOf(database), await addressOf(outsider)];
      const gateway = ((await network.inspect()) as { IPAM: { Config: { Gateway: string }[] } }).IPAM.Config[0]!.Gateway;
      await withBench({ mode: 'open', allow: [] }, async (bench) => {
        const networks = [`hearth-test-${MARK}`];
        const victim = specFor('node', { networks });
        const [first] = (await reach(bench, [[inside, 5_432]], victim)) as [string];
        expect(first).toBe('connected');
        const members = Object.values(
          ((await network.inspect()) as { Containers: Record<string, { Name: string; IPv4Address: string }> }).Containers,
        );
        const neighbour = members.find(({ Name }) => /^hearth-[0-9a-f]{32}$/.test(Name))!.IPv4Address.split('/')[0]!;
        expect(await reach(bench, [[`db-${MARK}`, 5_432]], { networks })).toEqual(['connected']);
        const results = await reach(
          bench,
          [
            [inside, 5_432],
            [outside, 5_432],
            [neighbour, 5_432],
            [gateway, apiPort()],
            ['any.example.com', PORT],
            [OFFICE, PORT],
          ],
          { networks },
        );
        expect(results).toEqual(['connected', 'ENETUNREACH', 'ENETUNREACH', 'ENETUNREACH', 'connected', 'ENETUNREACH']);
        await expect(reach(bench, [], { networks: ['not-there'] })).rejects.toMatchObject({
          code: 'InvalidSubnetIDException',
          message: expect.stringContaining("no Docker network 'not-there'"),
        });
      });
    } finally {
      await Promise.all([database, outsider].map((container) => container.remove({ force: true, v: true })));
      await network.remove();
    }
  });
});

import {
  GetFunctionConfigurationCommand,
  TagResourceCommand,
  UpdateFunctionConfigurationCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { projectRoot } from '@hearth/kernel';
import { deploy, invoke, lambdaClient, refusal, untilUpdated } from './lambda.js';
import { Platform } from './platform.js';
import { run } from './run.js';

const CODE = `exports.handler = ({ host, port }) => new Promise((resolve) => {
  const socket = require('node:net').connect({ host, port, timeout: 3000 });
  const end = (result) => { socket.destroy(); resolve(result); };
  socket.once('data', (data) => end(String(data)));
  socket.once('timeout', () => end('timeout'));
  socket.once('error', (error) => end(error.code));
});`;
const PORT = 5432;
const MARK = `e2e-${process.pid}`;
const DATABASE = `require('node:net').createServer((s) => s.on('error', () => 0).end('rows')).listen(${PORT})`;

describe('a function on a network of the operator', () => {
  let platform: Platform;
  let lambda: LambdaClient;
  let subnet: string;
  let group: string;

  beforeAll(async () => {
    platform = await Platform.start();
    lambda = lambdaClient(platform);
  }, 90_000);
  afterAll(async () => {
    await platform?.stop();
    await run('docker', ['rm', '-f', `db-${MARK}`, `out-${MARK}`]);
    await run('docker', ['network', 'rm', MARK]);
  }, 60_000);

  const network = (...args: string[]) =>
    run(process.execPath, ['dist/apps/cli/src/main.js', 'network', ...args], {
      cwd: projectRoot(),
      env: { DATABASE_URL: platform.databaseUrl, HEARTH_STATE_DIR: platform.stateDir, NODE_OPTIONS: '' },
    });
  const ask = async (name: string, host: string) => JSON.parse((await invoke(lambda, name, { host, port: PORT })).text) as string;

  it('is made by hearth network create, and is there for the API and on this machine', async () => {
    const said = await network('create', MARK);
    expect(said).toContain(`The Docker network ${MARK} was made on this machine.`);
    [, subnet, group] = /(subnet-[0-9a-f]{17}) {2}(sg-[0-9a-f]{17})/.exec(said) as unknown as [string, string, string];
    expect(await network('list')).toContain(subnet);
    await expect(network('create', MARK)).rejects.toThrow('has a network');
  });

  it('reaches the database that is on it, by name, and not the one beside it', async () => {
    const start = (name: string, ...where: string[]) =>
      run('docker', [
        'run',
        '-d',
        '--name',
        name,
        '--label',
        'hearth.test=e2e',
        ...where,
        '--entrypoint',
        '/var/lang/bin/node',
        'hearth/nodejs22.x',
        '-e',
        DATABASE,
      ]);
    await start(`db-${MARK}`, '--network', MARK);
    await start(`out-${MARK}`);
    const outside = (await run('docker', ['inspect', '-f', '{{.NetworkSettings.IPAddress}}', `out-${MARK}`])).trim();

    await deploy(lambda, 'attached', CODE, { VpcConfig: { SubnetIds: [subnet], SecurityGroupIds: [group] } });
    const { VpcConfig } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'attached' }));
    expect(VpcConfig).toMatchObject({ SubnetIds: [subnet], SecurityGroupIds: [group], VpcId: expect.stringMatching(/^vpc-/) });
    expect(await ask('attached', `db-${MARK}`)).toBe('rows');
    expect(await ask('attached', outside)).toBe('ENETUNREACH');

    await expect(network('delete', MARK)).rejects.toThrow('Functions are attached to the network');
    await lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'attached', VpcConfig: { SubnetIds: [], SecurityGroupIds: [] } }),
    );
    await untilUpdated(lambda, 'attached');
    expect(await ask('attached', `db-${MARK}`)).toMatch(/^E(NOTFOUND|AI_AGAIN|NETUNREACH)$/);
    expect(await network('delete', MARK)).toContain('is deleted');
  });

  it('is refused by its id when there is none', async () => {
    const refused = await refusal(
      deploy(lambda, 'nowhere', CODE, { VpcConfig: { SubnetIds: ['subnet-0'], SecurityGroupIds: ['sg-0'] } }),
    );
    expect(refused).toMatchObject({
      name: 'InvalidParameterValueException',
      status: 400,
      message: expect.stringContaining('InvalidSubnetID.NotFound'),
    });
  });

  it('that demands an isolation profile which is not there is refused from the next invocation on, and a wrong one at once', async () => {
    const Resource = 'arn:aws:lambda:us-east-1:000000000000:function:attached';
    expect(
      await refusal(lambda.send(new TagResourceCommand({ Resource, Tags: { 'hearth:isolation': 'strong' } }))),
    ).toMatchObject({ name: 'InvalidParameterValueException' });
    await lambda.send(new TagResourceCommand({ Resource, Tags: { 'hearth:isolation': 'kata' } }));
    const refused = await refusal(invoke(lambda, 'attached', {}));
    expect(refused).toMatchObject({
      name: 'InvalidRuntimeException',
      status: 502,
      message: expect.stringContaining("needs the isolation profile 'kata'"),
    });
  });
});

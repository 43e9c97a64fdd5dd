import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateRoleCommand, DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { projectRoot } from '@hearth/kernel';
import { deploy, invoke, lambdaClient, refusal } from './lambda.js';
import { bundle } from './packages.js';
import { Platform } from './platform.js';
import { until } from './until.js';
import { zip } from './zip.js';

const ACCOUNT = '000000000000';
const INSTALL_MS = 240_000;
const EFFECTIVE_MS = 1_000;
const functionArn = (name: string) => `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${name}`;
const TRUST = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] });
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (Action: string | string[], Resource: string, rest: object = {}) => ({ Effect: 'Allow', Action, Resource, ...rest });

/** The AWS SDK as users bundle it, with nothing configured: region, credentials and endpoint come from the environment. */
const CALLER = `
import { GetFunctionCommand, InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
const lambda = new LambdaClient({ maxAttempts: 1 });
const sts = new STSClient({ maxAttempts: 1 });
const atInit = await sts.send(new GetCallerIdentityCommand({})).then(({ Arn }) => Arn, (error) => error.name);
const deeds = {
  identity: async () => {
    const { Account, Arn, UserId } = await sts.send(new GetCallerIdentityCommand({}));
    return { atInit, Account, Arn, UserId };
  },
  invoke: async ({ name, payload }) => JSON.parse((await lambda.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(payload ?? {}) }))).Payload.transformToString()),
  many: async ({ name, count }) => {
    const answers = await Promise.all(Array.from({ length: count }, (_, index) => deeds.invoke({ name, payload: { index } })));
    return answers.map(({ event }) => event.index);
  },
  list: async () => (await lambda.send(new ListFunctionsCommand({}))).Functions.map(({ FunctionName }) => FunctionName),
  credentials: async () => ({ accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY, sessionToken: process.env.AWS_SESSION_TOKEN }),
  code: async ({ name }) => {
    const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName: name }));
    return { link: Code.Location, archive: Buffer.from(await (await fetch(Code.Location)).arrayBuffer()).subarray(0, 2).toString() };
  },
  exit: async () => process.exit(1),
};
export const handler = async (event) => {
  try {
    return await deeds[event.do](event);
  } catch (error) {
    return { name: error.name, status: error.$metadata?.httpStatusCode, message: error.message };
  }
};
`;

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

describe('a function with its execution role', () => {
  let platform: Platform;
  let admin: LambdaClient;
  let iam: IAMClient;
  let code: Buffer;
  const clients: { destroy(): void }[] = [];

  beforeAll(async () => {
    platform = await Platform.start({ HEARTH_PUBLIC_URL: 'https://hearth.example.com' });
    admin = lambdaClient(platform);
    iam = new IAMClient(options(platform.credentials));
    clients.push(admin, iam);
    await role('caller', policy(allow(['lambda:InvokeFunction', 'lambda:GetFunction'], functionArn('target'))));
    const sources = join(projectRoot(), '.hearth/e2e');
    await mkdir(sources, { recursive: true });
    // A function's file may be ESM; esbuild's CommonJS knows no await at the top.
    const bundled = await bundle(sources, CALLER.replace('const atInit = await', 'const pending =').replace('return { atInit,', 'return { atInit: await pending,'));
    code = await zip({ 'index.js': bundled });
    await deploy(admin, 'target', 'exports.handler = async (event) => ({ target: "reached", event });');
    await deploy(admin, 'forbidden', 'exports.handler = async () => "reached";');
    await deploy(admin, 'caller', code, { Role: roleArn('caller'), Timeout: 30, MemorySize: 512 });
  }, INSTALL_MS);
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await platform?.stop();
  }, 60_000);

  const options = (credentials: Credentials | { accessKeyId: string; secretAccessKey: string }) => ({ endpoint: platform.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/functions/${name}`;
  async function role(name: string, document: string): Promise<void> {
    await iam.send(new CreateRoleCommand({ RoleName: name, Path: '/functions/', AssumeRolePolicyDocument: TRUST }));
    await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: 'p', PolicyDocument: document }));
  }
  const ask = async (name: string, event: object) => JSON.parse((await invoke(admin, name, event)).text);
  /** What becomes of calls with a sandbox's credentials made from elsewhere. */
  async function verdicts(credentials: Credentials): Promise<string[]> {
    const [lambda, sts] = [new LambdaClient(options(credentials)), new STSClient(options(credentials))];
    clients.push(lambda, sts);
    const nameOf = (call: Promise<unknown>) => call.then(() => 'accepted', (error: Error) => error.name);
    return [await nameOf(sts.send(new GetCallerIdentityCommand({}))), await nameOf(lambda.send(new ListFunctionsCommand({})))];
  }

  it('is a session of that role, from its init on', async () => {
    const identity = await ask('caller', { do: 'identity' });
    const Arn = `arn:aws:sts::${ACCOUNT}:assumed-role/caller/caller`;
    expect(identity).toEqual({ atInit: Arn, Account: ACCOUNT, Arn, UserId: expect.stringMatching(/^AROA[A-Z0-9]{17}:caller$/) });
  });

  it('calls what its role allows, and nothing else', async () => {
    expect(await ask('caller', { do: 'invoke', name: 'target', payload: { a: 1 } })).toEqual({ target: 'reached', event: { a: 1 } });
    const message = (action: string, resource: string) =>
      `User: arn:aws:sts::${ACCOUNT}:assumed-role/caller/caller is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
    expect(await ask('caller', { do: 'invoke', name: 'forbidden' })).toEqual({ name: 'AccessDeniedException', status: 403, message: message('lambda:InvokeFunction', functionArn('forbidden')) });
    expect(await ask('caller', { do: 'list' })).toEqual({ name: 'AccessDeniedException', status: 403, message: message('lambda:ListFunctions', '*') });
  });

  it('reads code by the link that it is given, though clients elsewhere have a public address', async () => {
    expect(await ask('caller', { do: 'code', name: 'target' })).toEqual({ link: expect.stringMatching(/^http:\/\/127\.0\.0\.1:4510\/_hearth\/code\//), archive: 'PK' });
  });

  it('calls many at a time', async () => {
    expect(await ask('caller', { do: 'many', name: 'target', count: 40 })).toEqual(Array.from({ length: 40 }, (_, index) => index));
  }, 120_000);

  it('gains and loses within a second what its role does, while it is warm', async () => {
    const before = await ask('caller', { do: 'credentials' });
    await iam.send(new PutRolePolicyCommand({ RoleName: 'caller', PolicyName: 'more', PolicyDocument: policy(allow('lambda:ListFunctions', '*')) }));
    await until('the grant is effective', EFFECTIVE_MS, async () => Array.isArray(await ask('caller', { do: 'list' })));
    await iam.send(new DeleteRolePolicyCommand({ RoleName: 'caller', PolicyName: 'more' }));
    await until('the loss is effective', EFFECTIVE_MS, async () => !Array.isArray(await ask('caller', { do: 'list' })));
    expect(await ask('caller', { do: 'credentials' })).toEqual(before);
  });

  it('can be told from others of the role by lambda:SourceFunctionArn', async () => {
    await role('shared', policy(allow('lambda:InvokeFunction', functionArn('target'), { Condition: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn('first') } } })));
    await deploy(admin, 'first', code, { Role: roleArn('shared'), Timeout: 30, MemorySize: 512 });
    await deploy(admin, 'second', code, { Role: roleArn('shared'), Timeout: 30, MemorySize: 512 });
    expect(await ask('first', { do: 'invoke', name: 'target' })).toMatchObject({ target: 'reached' });
    expect(await ask('second', { do: 'invoke', name: 'target' })).toMatchObject({ name: 'AccessDeniedException' });
  }, 60_000);

  it('has credentials that are good anywhere while its sandbox lives, and nowhere after', async () => {
    const credentials: Credentials = await ask('caller', { do: 'credentials' });
    expect(credentials.accessKeyId).toMatch(/^ASIA/);
    expect(await verdicts(credentials)).toEqual(['accepted', 'AccessDeniedException']);
    expect((await invoke(admin, 'caller', { do: 'exit' })).functionError).toBe('Unhandled');
    await until('the credentials are refused', 5_000, async () => (await verdicts(credentials))[0] !== 'accepted');
    expect(await verdicts(credentials)).toEqual(['InvalidClientTokenId', 'UnrecognizedClientException']);
    const next = await ask('caller', { do: 'credentials' });
    expect(next.accessKeyId).not.toBe(credentials.accessKeyId);
    expect(await verdicts(next)).toEqual(['accepted', 'AccessDeniedException']);
  });

  it('does not run with a role that trusts Lambda no more', async () => {
    await role('fickle', policy(allow('lambda:ListFunctions', '*')));
    await deploy(admin, 'fickle', code, { Role: roleArn('fickle'), Timeout: 30, MemorySize: 512 });
    expect(await ask('fickle', { do: 'list' })).toContain('fickle');
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'fickle', PolicyDocument: TRUST.replace('lambda.', 'events.') }));
    // The warm sandbox has its session; a new one gets none.
    expect(await ask('fickle', { do: 'list' })).toContain('fickle');
    await invoke(admin, 'fickle', { do: 'exit' });
    expect(await refusal(invoke(admin, 'fickle', { do: 'list' }))).toEqual({
      name: 'InvalidParameterValueException',
      status: 400,
      message: 'The role defined for the function cannot be assumed by Lambda.',
    });
  }, 60_000);

  it('leaves its credentials in the clear in no row of the database', async () => {
    const { secretAccessKey, sessionToken }: Credentials = await ask('caller', { do: 'credentials' });
    const rows = await platform.query<{ text: string }>('SELECT k::text AS text FROM access_keys k UNION ALL SELECT s::text FROM sts_sessions s');
    expect(rows.length).toBeGreaterThan(1);
    for (const secret of [secretAccessKey, sessionToken]) for (const { text } of rows) expect(text).not.toContain(secret);
  });

  it('loses them with a platform that died, as soon as it is back', async () => {
    const credentials: Credentials = await ask('caller', { do: 'credentials' });
    await platform.kill9();
    await platform.restart();
    expect(await verdicts(credentials)).toEqual(['InvalidClientTokenId', 'UnrecognizedClientException']);
    expect(await ask('caller', { do: 'invoke', name: 'target' })).toMatchObject({ target: 'reached' });
  }, 90_000);
});

import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  ListUsersCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient, ListFunctionsCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { deploy, lambdaClient, refusal } from './lambda.js';
import { Platform } from './platform.js';
import { until } from './until.js';

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

const ACCOUNT = '000000000000';
/** A change of policies or keys is effective everywhere within this time. */
const EFFECTIVE_MS = 1_000;

const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const allow = (action: string | string[], resource: string, rest: object = {}) => ({ Effect: 'Allow', Action: action, Resource: resource, ...rest });

describe('permissions, with the clients of the AWS SDK', () => {
  let platform: Platform;
  let iam: IAMClient;
  const clients: { destroy(): void }[] = [];

  beforeAll(async () => {
    platform = await Platform.start();
    iam = new IAMClient(options(platform.credentials));
    const lambda = lambdaClient(platform);
    clients.push(iam, lambda);
    await deploy(lambda, 'mine', 'exports.handler = async () => "mine";');
    await deploy(lambda, 'other', 'exports.handler = async () => "other";');
  }, 90_000);
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await platform?.stop();
  }, 60_000);

  const options = (credentials: Credentials) => ({ endpoint: platform.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  const lambdaOf = (credentials: Credentials) => {
    const client = new LambdaClient(options(credentials));
    clients.push(client);
    return client;
  };
  const stsOf = (credentials: Credentials) => {
    const client = new STSClient(options(credentials));
    clients.push(client);
    return client;
  };

  async function user(name: string, document?: string): Promise<Credentials> {
    await iam.send(new CreateUserCommand({ UserName: name }));
    if (document !== undefined) await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'p', PolicyDocument: document }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
    return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  }
  const calls = (call: () => Promise<unknown>) => call().then(() => true, () => false);

  it('deny a user everything until a policy allows it, and follow each change within a second', async () => {
    const credentials = await user('newcomer');
    const lambda = lambdaOf(credentials);
    expect(await refusal(lambda.send(new ListFunctionsCommand({})))).toEqual({
      name: 'AccessDeniedException',
      status: 403,
      message: `User: arn:aws:iam::${ACCOUNT}:user/newcomer is not authorized to perform: lambda:ListFunctions on resource: * because no identity-based policy allows the lambda:ListFunctions action`,
    });
    expect(await refusal(new IAMClient(options(credentials)).send(new ListUsersCommand({})))).toMatchObject({ name: 'AccessDenied', status: 403 });

    await iam.send(new PutUserPolicyCommand({ UserName: 'newcomer', PolicyName: 'p', PolicyDocument: policy(allow('lambda:List*', '*')) }));
    await until('the grant is effective', EFFECTIVE_MS, () => calls(() => lambda.send(new ListFunctionsCommand({}))));
    await iam.send(new PutUserPolicyCommand({ UserName: 'newcomer', PolicyName: 'q', PolicyDocument: policy({ Effect: 'Deny', Action: 'lambda:*', Resource: '*' }) }));
    await until('the denial is effective', EFFECTIVE_MS, async () => !(await calls(() => lambda.send(new ListFunctionsCommand({})))));
    expect((await refusal(lambda.send(new ListFunctionsCommand({})))).message).toMatch(/on resource: \* with an explicit deny in an identity-based policy$/);
  });

  it('hold a caller to the functions that are named', async () => {
    const lambda = lambdaOf(await user('limited', policy(allow(['lambda:InvokeFunction', 'lambda:GetFunctionConfiguration'], `arn:aws:lambda:*:${ACCOUNT}:function:mine*`))));
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'mine' }));
    expect(Buffer.from(Payload!).toString()).toBe('"mine"');
    expect(await refusal(lambda.send(new InvokeCommand({ FunctionName: 'other' })))).toMatchObject({ name: 'AccessDeniedException', status: 403 });
    await expect(lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'mine' }))).resolves.toMatchObject({ FunctionName: 'mine' });
    expect(await refusal(lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'other' })))).toMatchObject({ status: 403 });
    // Whether a function exists is no news for those who may not see it.
    expect(await refusal(lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'absent' })))).toMatchObject({ status: 403 });
  });

  it('evaluate conditions on the request', async () => {
    const document = policy(allow('lambda:ListFunctions', '*', { Condition: { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } } }), allow('lambda:GetFunctionConfiguration', '*', { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }));
    const lambda = lambdaOf(await user('conditional', document));
    await expect(lambda.send(new ListFunctionsCommand({}))).resolves.toBeDefined();
    expect(await refusal(lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'mine' })))).toMatchObject({ status: 403 });
  });

  it('let a role be assumed by whom it trusts, with what the role and the session policy both allow', async () => {
    const credentials = await user('operator', policy(allow('sts:AssumeRole', '*')));
    const stranger = await user('stranger', policy(allow('sts:AssumeRole', '*')));
    const trust = policy({ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/operator` }, Action: 'sts:AssumeRole', Condition: { StringEquals: { 'sts:ExternalId': 'secret' } } });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'deployer', AssumeRolePolicyDocument: trust }));
    await iam.send(new PutRolePolicyCommand({ RoleName: 'deployer', PolicyName: 'p', PolicyDocument: policy(allow(['lambda:ListFunctions', 'lambda:InvokeFunction'], '*')) }));
    const assume = (caller: Credentials, externalId: string, document?: string) =>
      stsOf(caller).send(new AssumeRoleCommand({ RoleArn: Role!.Arn!, RoleSessionName: 'release', ExternalId: externalId, Policy: document }));
    expect(await refusal(assume(stranger, 'secret'))).toMatchObject({ name: 'AccessDenied', status: 403 });
    expect(await refusal(assume(credentials, 'guessed'))).toMatchObject({ name: 'AccessDenied', status: 403 });

    const session = (answer: Awaited<ReturnType<typeof assume>>): Credentials => {
      const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials!;
      return { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey!, sessionToken: SessionToken };
    };
    const whole = session(await assume(credentials, 'secret'));
    expect(await stsOf(whole).send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: ACCOUNT, Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/deployer/release` });
    await expect(lambdaOf(whole).send(new InvokeCommand({ FunctionName: 'other' }))).resolves.toMatchObject({ StatusCode: 200 });
    const narrow = session(await assume(credentials, 'secret', policy(allow('lambda:ListFunctions', '*'))));
    await expect(lambdaOf(narrow).send(new ListFunctionsCommand({}))).resolves.toBeDefined();
    expect((await refusal(lambdaOf(narrow).send(new InvokeCommand({ FunctionName: 'other' })))).message).toMatch(/because no session policy allows the lambda:InvokeFunction action$/);
    expect(await refusal(lambdaOf({ ...whole, sessionToken: `${whole.sessionToken}x` }).send(new ListFunctionsCommand({})))).toMatchObject({ name: 'UnrecognizedClientException', status: 403 });
    expect(await refusal(lambdaOf({ accessKeyId: whole.accessKeyId, secretAccessKey: whole.secretAccessKey }).send(new ListFunctionsCommand({})))).toMatchObject({ status: 403 });
  });

  it('end with the key: an inactive one opens nothing', async () => {
    const credentials = await user('leaver', policy(allow('*', '*')));
    const lambda = lambdaOf(credentials);
    await expect(lambda.send(new ListFunctionsCommand({}))).resolves.toBeDefined();
    await iam.send(new UpdateAccessKeyCommand({ UserName: 'leaver', AccessKeyId: credentials.accessKeyId, Status: 'Inactive' }));
    await until('the key is dead', EFFECTIVE_MS, async () => !(await calls(() => lambda.send(new ListFunctionsCommand({})))));
    expect(await refusal(lambda.send(new ListFunctionsCommand({})))).toMatchObject({ name: 'UnrecognizedClientException', status: 403 });
  });

  it('let nobody give a function a role that he may not pass, or that Lambda may not assume', async () => {
    const lambda = lambdaOf(await user('developer', policy(allow('lambda:*', '*'), allow('iam:PassRole', `arn:aws:iam::${ACCOUNT}:role/app-*`))));
    const trust = (service: string) => policy({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' });
    await iam.send(new CreateRoleCommand({ RoleName: 'app-one', AssumeRolePolicyDocument: trust('lambda.amazonaws.com') }));
    await iam.send(new CreateRoleCommand({ RoleName: 'app-other', AssumeRolePolicyDocument: trust('ec2.amazonaws.com') }));
    const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
    const code = 'exports.handler = async () => 1;';
    expect(await refusal(deploy(lambda, 'passed', code))).toMatchObject({
      name: 'AccessDeniedException',
      message: `User: arn:aws:iam::${ACCOUNT}:user/developer is not authorized to perform: iam:PassRole on resource: ${role('service-role/e2e')} because no identity-based policy allows the iam:PassRole action`,
    });
    for (const name of ['app-other', 'app-absent']) {
      expect(await refusal(deploy(lambda, 'passed', code, { Role: role(name) }))).toEqual({ name: 'InvalidParameterValueException', status: 400, message: 'The role defined for the function cannot be assumed by Lambda.' });
    }
    await deploy(lambda, 'passed', code, { Role: role('app-one') });
    expect(await refusal(lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'passed', Role: role('service-role/e2e') })))).toMatchObject({ name: 'AccessDeniedException' });
  });

  it('know the managed policies that Lambda users attach', async () => {
    const trust = policy({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' });
    await iam.send(new CreateRoleCommand({ RoleName: 'basic', AssumeRolePolicyDocument: trust }));
    for (const name of ['service-role/AWSLambdaBasicExecutionRole', 'service-role/AWSLambdaVPCAccessExecutionRole', 'AWSLambda_FullAccess', 'AdministratorAccess']) {
      await expect(iam.send(new AttachRolePolicyCommand({ RoleName: 'basic', PolicyArn: `arn:aws:iam::aws:policy/${name}` }))).resolves.toBeDefined();
    }
  });
});

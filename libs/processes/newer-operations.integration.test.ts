import {
  CreateCodeSigningConfigCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteCodeSigningConfigCommand,
  DeleteEventSourceMappingCommand,
  GetCodeSigningConfigCommand,
  GetEventSourceMappingCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionRecursionConfigCommand,
  GetRuntimeManagementConfigCommand,
  InvokeCommand,
  ListTagsCommand,
  paginateListEventSourceMappings,
  PutFunctionCodeSigningConfigCommand,
  PutFunctionRecursionConfigCommand,
  PutRuntimeManagementConfigCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { InProcessPlatform, refusal, ROLE, zipOf } from './testing/in-process-platform.js';

const PROFILE = 'arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/abcdefghij';
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:orders';

describe('through the AWS SDK', () => {
  let platform: InProcessPlatform;
  let lambda: LambdaClient;

  beforeAll(async () => {
    platform = await InProcessPlatform.start();
    lambda = platform.lambda();
    const ZipFile = await zipOf({ 'index.mjs': 'export const handler = async () => process.env._X_AMZN_TRACE_ID;' });
    await lambda.send(new CreateFunctionCommand({ FunctionName: 'f', Runtime: 'nodejs22.x', Handler: 'index.handler', Role: ROLE, Code: { ZipFile }, Timeout: 20 }));
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: 'f' });
  }, 60_000);
  afterAll(() => platform?.stop(), 60_000);

  it('code signing configurations hold deployments up', async () => {
    const { CodeSigningConfig } = await lambda.send(new CreateCodeSigningConfigCommand({ AllowedPublishers: { SigningProfileVersionArns: [PROFILE] }, CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' }, Tags: { a: '1' } }));
    const { CodeSigningConfigArn } = CodeSigningConfig!;
    expect((await lambda.send(new GetCodeSigningConfigCommand({ CodeSigningConfigArn }))).CodeSigningConfig).toEqual(CodeSigningConfig);
    expect((await lambda.send(new GetFunctionCodeSigningConfigCommand({ FunctionName: 'f' }))).CodeSigningConfigArn).toBeUndefined();
    await lambda.send(new PutFunctionCodeSigningConfigCommand({ FunctionName: 'f', CodeSigningConfigArn }));
    expect(await refusal(lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: await zipOf({ 'index.mjs': '' }) })))).toMatchObject({ name: 'CodeVerificationFailedException', status: 400 });
    expect(await refusal(lambda.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn })))).toMatchObject({ name: 'ResourceConflictException', status: 409 });
    await lambda.send(new TagResourceCommand({ Resource: CodeSigningConfigArn, Tags: { b: '2' } }));
    await lambda.send(new UntagResourceCommand({ Resource: CodeSigningConfigArn, TagKeys: ['a'] }));
    expect((await lambda.send(new ListTagsCommand({ Resource: CodeSigningConfigArn }))).Tags).toEqual({ b: '2' });
    expect(await refusal(lambda.send(new GetCodeSigningConfigCommand({ CodeSigningConfigArn: 'arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-00000000000000000' })))).toEqual({
      name: 'ResourceNotFoundException',
      status: 404,
      message: 'The Lambda code signing configuration ARN can not be found.',
    });
  });

  it('event source mappings answer 202 with a time, are listed, and do not pretend to run', async () => {
    const made = await lambda.send(new CreateEventSourceMappingCommand({ EventSourceArn: QUEUE, FunctionName: 'f', Tags: { team: 'a' } }));
    expect(made).toMatchObject({ $metadata: { httpStatusCode: 202 }, State: 'Creating', BatchSize: 10, LastModified: expect.any(Date), FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f' });
    const { UUID } = made;
    expect(await lambda.send(new GetEventSourceMappingCommand({ UUID }))).toMatchObject({ State: 'Disabled', StateTransitionReason: expect.stringContaining('does not poll') });
    const listed: (string | undefined)[] = [];
    for await (const page of paginateListEventSourceMappings({ client: lambda, pageSize: 1 }, { FunctionName: 'f' })) listed.push(...page.EventSourceMappings!.map((each) => each.UUID));
    expect(listed).toEqual([UUID]);
    expect((await lambda.send(new ListTagsCommand({ Resource: made.EventSourceMappingArn }))).Tags).toEqual({ team: 'a' });
    expect((await refusal(lambda.send(new CreateEventSourceMappingCommand({ EventSourceArn: 'arn:aws:s3:::bucket', FunctionName: 'f' })))).message).toBe('Unrecognized event source.');
    expect(await lambda.send(new DeleteEventSourceMappingCommand({ UUID }))).toMatchObject({ $metadata: { httpStatusCode: 202 }, State: 'Deleting' });
    expect(await refusal(lambda.send(new ListTagsCommand({ Resource: made.EventSourceMappingArn })))).toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('the function sees the chain it is part of, and a chain that went too far is refused', async () => {
    const through = async (header: string): Promise<string> => {
      const command = new InvokeCommand({ FunctionName: 'f' });
      command.middlewareStack.add((next) => (args) => { (args.request as { headers: Record<string, string> }).headers['x-amzn-trace-id'] = header; return next(args); }, { step: 'build' });
      return JSON.parse(Buffer.from((await lambda.send(command)).Payload!).toString());
    };
    let header = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
    for (let hop = 1; hop <= 16; hop++) {
      header = await through(header);
      expect(header).toMatch(new RegExp(`^Root=1-5759e988-bd862e3fe1be46a994272793;.*;Lineage=[0-9a-f]{8}:${hop}$`));
    }
    expect(await refusal(through(header))).toMatchObject({ name: 'RecursiveInvocationException', status: 400 });
    expect((await lambda.send(new GetFunctionRecursionConfigCommand({ FunctionName: 'f' }))).RecursiveLoop).toBe('Terminate');
    await lambda.send(new PutFunctionRecursionConfigCommand({ FunctionName: 'f', RecursiveLoop: 'Allow' }));
    expect((await lambda.send(new GetFunctionRecursionConfigCommand({ FunctionName: 'f' }))).RecursiveLoop).toBe('Allow');
    expect(await through(header)).toMatch(/:17$/);
    await lambda.send(new PutFunctionRecursionConfigCommand({ FunctionName: 'f', RecursiveLoop: 'Terminate' }));
    expect(await refusal(through(header))).toMatchObject({ name: 'RecursiveInvocationException' });
  });

  it('the runtime is managed automatically, and other modes are refused', async () => {
    const expected = { UpdateRuntimeOn: 'Auto', FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f' };
    expect(await lambda.send(new PutRuntimeManagementConfigCommand({ FunctionName: 'f', UpdateRuntimeOn: 'Auto' }))).toMatchObject(expected);
    expect(await lambda.send(new GetRuntimeManagementConfigCommand({ FunctionName: 'f' }))).toMatchObject(expected);
    expect(await refusal(lambda.send(new PutRuntimeManagementConfigCommand({ FunctionName: 'f', UpdateRuntimeOn: 'FunctionUpdate' })))).toEqual({
      name: 'InvalidParameterValueException',
      status: 400,
      message: 'UpdateRuntimeOn FunctionUpdate is not supported by this deployment. Use Auto.',
    });
    expect(await refusal(lambda.send(new GetRuntimeManagementConfigCommand({ FunctionName: 'f', Qualifier: '7' })))).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
  });
});

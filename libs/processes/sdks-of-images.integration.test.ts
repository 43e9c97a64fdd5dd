/** The AWS SDK that an image brings calls Hearth's API with the function's role, without any configuration and in the smallest sandbox. */
import { CreateFunctionCommand, InvokeCommand, waitUntilFunctionActiveV2, type LambdaClient, type Runtime } from '@aws-sdk/client-lambda';
import { InProcessPlatform, ROLE, zipOf } from './testing/in-process-platform.js';

const ESM = "import { STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts';\nconst sts = new STSClient({});\nexport const handler = async () => (await sts.send(new GetCallerIdentityCommand({}))).Arn;\n";
const COMMON = "const { STS } = require('@aws-sdk/client-sts');\nconst sts = new STS();\nexports.handler = async () => (await sts.getCallerIdentity()).Arn;\n";
const PYTHON = "import boto3\nsts = boto3.client('sts')\ndef handler(event, context):\n    return sts.get_caller_identity()['Arn']\n";
const RUBY = "require 'aws-sdk-core'\nSTS = Aws::STS::Client.new\ndef handler(event:, context:) = STS.get_caller_identity.arn\n";

describe('the AWS SDK of the image', () => {
  let platform: InProcessPlatform;
  let lambda: LambdaClient;
  beforeAll(async () => {
    const { HEARTH_RUNTIMES_FILE } = process.env;
    platform = await InProcessPlatform.start({ HEARTH_SANDBOX_DRIVER: 'docker', ...(HEARTH_RUNTIMES_FILE ? { HEARTH_RUNTIMES_FILE } : {}) });
    lambda = platform.lambda();
  }, 60_000);
  afterAll(() => platform?.stop(), 60_000);

  it.each<[Runtime, string, string]>([
    ['nodejs20.x', 'app.mjs', ESM],
    ['nodejs22.x', 'app.js', COMMON],
    ['nodejs24.x', 'app.mjs', ESM],
    ['python3.11', 'app.py', PYTHON],
    ['python3.14', 'app.py', PYTHON],
    ['ruby3.3', 'app.rb', RUBY],
  ])('of %s', async (runtime, file, source) => {
    const name = runtime.replace('.', '-');
    await lambda.send(new CreateFunctionCommand({ FunctionName: name, Runtime: runtime, Handler: 'app.handler', Role: ROLE, Code: { ZipFile: await zipOf({ [file]: source }) }, Timeout: 20 }));
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 1 }, { FunctionName: name });
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: name }));
    expect(JSON.parse(Buffer.from(Payload!).toString())).toBe(`arn:aws:sts::000000000000:assumed-role/test/${name}`);
  });
});

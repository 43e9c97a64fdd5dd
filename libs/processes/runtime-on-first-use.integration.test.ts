/** CreateFunction with a runtime whose image is not there, on the whole platform: `infra/runtimes/build.sh` really runs. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateFunctionCommand, GetFunctionConfigurationCommand, InvokeCommand, UpdateFunctionConfigurationCommand, waitUntilFunctionActiveV2, type FunctionConfiguration, type LambdaClient } from '@aws-sdk/client-lambda';
import { ImageRegistry } from '@hearth/fleet';
import type { Database } from '@hearth/database';
import { projectRoot } from '@hearth/kernel';
import Docker from 'dockerode';
import { InProcessPlatform, refusal, ROLE, zipOf } from './testing/in-process-platform.js';
import { DATABASE } from './tokens.js';

/** From nothing a base image has to be made too. */
const BUILD_MS = 300_000;

describe('a runtime without its image', () => {
  const image = `hearth/test-first-use-${randomUUID().slice(0, 8)}`;
  const docker = new Docker();
  let folder: string;
  let platform: InProcessPlatform;
  let lambda: LambdaClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-first-use-'));
    const catalogue = JSON.parse(await readFile(join(projectRoot(), 'infra/runtimes/catalogue.json'), 'utf8')) as Record<string, object>;
    catalogue['provided.al2023'] = { ...catalogue['provided.al2023'], image };
    catalogue['ruby3.4'] = { image: '127.0.0.1:1/nowhere', channel: 'http' };
    await writeFile(join(folder, 'catalogue.json'), JSON.stringify(catalogue));
    platform = await InProcessPlatform.start({ HEARTH_SANDBOX_DRIVER: 'docker', HEARTH_RUNTIMES_FILE: join(folder, 'catalogue.json'), HEARTH_LOG_LEVEL: 'fatal' });
    lambda = platform.lambda();
  }, 60_000);
  afterAll(async () => {
    await platform?.stop();
    await docker.getImage(image).remove({ force: true });
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  async function create(name: string, Runtime: 'provided.al2023' | 'ruby3.4', files: Record<string, string>): Promise<FunctionConfiguration> {
    return lambda.send(new CreateFunctionCommand({ FunctionName: name, Runtime, Handler: 'app.handler', Role: ROLE, Code: { ZipFile: await zipOf(files) } }));
  }

  it(
    'is built while the function is Pending, and the first invocation finds it',
    async () => {
      expect(await create('first', 'provided.al2023', { bootstrap: '' })).toMatchObject({ State: 'Pending', StateReasonCode: 'Creating' });
      expect((await docker.listImages({ filters: { reference: [image] } })).length).toBe(0);
      expect(await refusal(lambda.send(new InvokeCommand({ FunctionName: 'first' })))).toMatchObject({ name: 'ResourceConflictException' });
      await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: BUILD_MS / 1_000, minDelay: 1, maxDelay: 1 }, { FunctionName: 'first' });
      const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'first' }));
      // The image's launcher looked at the code, which has no executable file.
      expect(Buffer.from(Payload!).toString()).toContain('fork/exec /var/task/bootstrap: permission denied');
      const [told] = await new ImageRegistry(platform.get<Database>(DATABASE)).list('provided.al2023');
      expect(told).toMatchObject({ image, state: 'present' });
    },
    BUILD_MS,
  );

  it('that cannot be had makes the function Failed with the reason, and an update tries again', async () => {
    await create('never', 'ruby3.4', { 'app.rb': 'def handler(event:, context:) = 1' });
    const settled = async (): Promise<FunctionConfiguration> => {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const now = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'never' }));
        if (now.State !== 'Pending' && now.LastUpdateStatus !== 'InProgress') return now;
        if (Date.now() > deadline) throw new Error(`still ${now.State}`);
      }
    };
    const reason = expect.stringMatching(/^The runtime ruby3\.4 is not available: The image 127\.0\.0\.1:1\/nowhere of ruby3\.4 cannot be pulled: .*refused/);
    expect(await settled()).toMatchObject({ State: 'Failed', StateReasonCode: 'InvalidRuntime', StateReason: reason });
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'never', Runtime: 'provided.al2023' }));
    expect(await settled()).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
  });
});

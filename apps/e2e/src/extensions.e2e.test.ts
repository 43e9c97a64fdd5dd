import { PublishLayerVersionCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { deploy, invoke, lambdaClient } from './lambda.js';
import { Platform } from './platform.js';
import { until } from './until.js';
import { zip } from './zip.js';

/** Says what it gets. */
const WATCHER = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
id=$(curl -sS -o /dev/null -D - -H 'Lambda-Extension-Name: watcher.sh' -d '{"events":["INVOKE","SHUTDOWN"]}' "$api/register" | sed -n 's/^lambda-extension-identifier: *\\([-0-9a-f]*\\).*$/\\1/Ip')
while :; do
  event=$(curl -sS -H "Lambda-Extension-Identifier: $id" "$api/event/next") || exit 1
  echo "watched $event"
  case $event in *SHUTDOWN*) exit 0 ;; esac
done
`;

describe('an extension from a layer', () => {
  let platform: Platform;
  let lambda: LambdaClient;
  beforeAll(async () => {
    platform = await Platform.start();
    lambda = lambdaClient(platform);
  }, 90_000);
  afterAll(async () => {
    lambda?.destroy();
    await platform?.stop();
  }, 60_000);

  async function layer(name: string, script: string): Promise<string> {
    const { LayerVersionArn } = await lambda.send(
      new PublishLayerVersionCommand({
        LayerName: name,
        Content: { ZipFile: await zip({ [`!extensions/${name}.sh`]: script }) },
      }),
    );
    return LayerVersionArn!;
  }

  it('hears of every invocation, and of the end when the worker stops', async () => {
    await deploy(lambda, 'watched', 'exports.handler = async () => "seen";', { Layers: [await layer('watcher', WATCHER)] });
    const answers = [await invoke(lambda, 'watched'), await invoke(lambda, 'watched')];
    expect(answers.map(({ text }) => text)).toEqual(['"seen"', '"seen"']);
    await platform.restart();
    const events = await until('the log is there', 20_000, async () => {
      const told = (await platform.functionLog('watched'))
        .filter((line) => line.startsWith('watched '))
        .map((line) => JSON.parse(line.slice('watched '.length)))
        // The second call may have had another sandbox begun, because the first one's extension was still busy: it ends while it registers.
        .filter(({ eventType }) => eventType !== undefined);
      return told.length >= 3 && told;
    });
    expect(events.filter(({ eventType }) => eventType === 'INVOKE').map(({ requestId }) => requestId)).toEqual(
      answers.map(({ requestId }) => requestId),
    );
    expect(events.at(-1)).toMatchObject({ eventType: 'SHUTDOWN', shutdownReason: 'spindown' });
  }, 60_000);

  it('that crashes fails the invocation as on Lambda', async () => {
    await deploy(lambda, 'crashing', 'exports.handler = async () => "never";', {
      Layers: [await layer('crash', '#!/bin/sh\nexit 1\n')],
    });
    const answer = await invoke(lambda, 'crashing', {}, { LogType: 'Tail' });
    expect(answer).toMatchObject({ status: 200, functionError: 'Unhandled' });
    expect(JSON.parse(answer.text)).toEqual({
      errorType: 'Extension.Crash',
      errorMessage: `RequestId: ${answer.requestId} Error: exit status 1`,
    });
    expect(answer.log).toMatch(/REPORT .*\tStatus: error\tError Type: Extension\.Crash\t/);
  }, 60_000);
});

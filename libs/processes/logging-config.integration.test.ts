import { CreateFunctionCommand, GetFunctionConfigurationCommand, InvokeCommand, UpdateFunctionConfigurationCommand, waitUntilFunctionActiveV2, waitUntilFunctionUpdatedV2, type LambdaClient, type LoggingConfig } from '@aws-sdk/client-lambda';
import { InProcessPlatform, refusal, ROLE, zipOf } from './testing/in-process-platform.js';

const NODE = {
  Runtime: 'nodejs22.x',
  Handler: 'index.handler',
  files: { 'index.mjs': `export const handler = async (event) => { console.debug('d'); console.log('i'); console.warn('w'); console.error('e'); if (event.fail) throw new Error('no'); return process.env.AWS_LAMBDA_LOG_FORMAT + ' ' + process.env.AWS_LAMBDA_LOG_LEVEL + ' ' + process.env.AWS_LAMBDA_LOG_GROUP_NAME; };` },
} as const;
const PYTHON = {
  Runtime: 'python3.13',
  Handler: 'app.handler',
  files: { 'app.py': `import logging, os\nlog = logging.getLogger()\ndef handler(event, context):\n    log.debug("d")\n    log.info("i")\n    log.warning("w")\n    log.error("e")\n    if event.get("fail"):\n        raise ValueError("no")\n    return " ".join(str(os.environ.get(name)) for name in ("AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL", "AWS_LAMBDA_LOG_GROUP_NAME"))\n` },
} as const;

describe('LoggingConfig', () => {
  let platform: InProcessPlatform;
  let lambda: LambdaClient;

  beforeAll(async () => {
    platform = await InProcessPlatform.start({ HEARTH_SANDBOX_DRIVER: 'docker' });
    lambda = platform.lambda();
  }, 60_000);
  afterAll(() => platform?.stop(), 60_000);

  async function create(name: string, { Runtime, Handler, files }: typeof NODE | typeof PYTHON, LoggingConfig?: LoggingConfig): Promise<void> {
    await lambda.send(new CreateFunctionCommand({ FunctionName: name, Runtime, Handler, Role: ROLE, Code: { ZipFile: await zipOf(files) }, Timeout: 20, LoggingConfig }));
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: name });
  }

  async function configure(name: string, LoggingConfig: LoggingConfig): Promise<void> {
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, LoggingConfig }));
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: name });
  }

  /** A warm one, so that nothing of the start is in its log. */
  async function invoke(name: string, event: object = {}): Promise<{ answer: any; lines: string[] }> {
    await lambda.send(new InvokeCommand({ FunctionName: name }));
    const { Payload, LogResult } = await lambda.send(new InvokeCommand({ FunctionName: name, LogType: 'Tail', Payload: JSON.stringify(event) }));
    return { answer: JSON.parse(Buffer.from(Payload!).toString()), lines: Buffer.from(LogResult!, 'base64').toString().trimEnd().split('\n') };
  }
  const records = (lines: string[]) => lines.map((line) => JSON.parse(line) as Record<string, any>);
  const kinds = (lines: string[]) => records(lines).map((record) => record['type'] ?? `${record['level']} ${record['message']}`);

  it.each([
    ['node', NODE, { warning: 'WARN' }],
    ['python', PYTHON, { warning: 'WARNING' }],
  ] as const)('decides on format and levels of the %s runtime', async (name, code, { warning }) => {
    await create(name, code);
    const text = await invoke(name);
    expect(text.answer).toMatch(new RegExp(`^Text (undefined|None) /aws/lambda/${name}$`));
    expect(text.lines[0]).toMatch(/^START RequestId: /);
    expect(text.lines.at(-2)).toMatch(/^END RequestId: /);
    expect(text.lines.at(-1)).toMatch(/^REPORT RequestId: /);

    await configure(name, { LogFormat: 'JSON' });
    const json = await invoke(name);
    expect(json.answer).toBe(`JSON INFO /aws/lambda/${name}`);
    expect(kinds(json.lines)).toEqual(['platform.start', 'INFO i', `${warning} w`, 'ERROR e', 'platform.report']);
    expect(records(json.lines)[1]).toMatchObject({ timestamp: expect.any(String), requestId: records(json.lines)[0]!['record'].requestId });

    await configure(name, { LogFormat: 'JSON', ApplicationLogLevel: 'DEBUG', SystemLogLevel: 'DEBUG', LogGroup: '/my/group' });
    const everything = await invoke(name);
    expect(everything.answer).toBe('JSON DEBUG /my/group');
    expect(kinds(everything.lines)).toEqual(['platform.start', 'DEBUG d', 'INFO i', `${warning} w`, 'ERROR e', 'platform.runtimeDone', 'platform.report']);

    await configure(name, { LogFormat: 'JSON', ApplicationLogLevel: 'ERROR', SystemLogLevel: 'WARN', LogGroup: '/my/group' });
    expect(kinds((await invoke(name)).lines)).toEqual(['ERROR e']);
    const failed = records((await invoke(name, { fail: true })).lines);
    expect(failed.map((record) => record['type'] ?? record['level'])).toEqual(['ERROR', 'ERROR', 'platform.runtimeDone', 'platform.report']);
    expect(JSON.stringify(failed[1])).toContain('"errorMessage":"no"');
  }, 120_000);

  it('shows defaults as Lambda does, and takes levels with JSON only', async () => {
    await create('shown', NODE);
    const shown = async () => (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'shown' }))).LoggingConfig;
    expect(await shown()).toEqual({ LogFormat: 'Text', LogGroup: '/aws/lambda/shown' });
    await configure('shown', { LogFormat: 'JSON' });
    expect(await shown()).toEqual({ LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO', LogGroup: '/aws/lambda/shown' });
    expect(await refusal(lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'shown', LoggingConfig: { LogFormat: 'Text', ApplicationLogLevel: 'INFO' } })))).toMatchObject({
      name: 'InvalidParameterValueException',
      status: 400,
    });
    for (const [Size, limit] of [[511, /greater than or equal to 512/], [10_241, /less than or equal to 10240/]] as const) {
      expect((await refusal(lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'shown', EphemeralStorage: { Size } })))).message).toMatch(limit);
    }
  }, 60_000);
});

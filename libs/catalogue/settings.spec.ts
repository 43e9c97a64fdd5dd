import type { FunctionSettings } from './function-record.js';
import { settingsOfCreate, settingsOfUpdate, type DeploymentLimits } from './settings.js';

const limits: DeploymentLimits = { knownRuntimes: () => ['nodejs22.x', 'provided.al2023'], architectures: ['x86_64'] };
const base = { Runtime: 'nodejs22.x', Handler: 'index.handler', Role: 'arn:aws:iam::123456789012:role/app' };
const create = (more: Record<string, unknown> = {}): FunctionSettings => settingsOfCreate({ ...base, ...more }, 'fn', limits);
const refusal = (message: string, code = 'InvalidParameterValueException') => expect.objectContaining({ code, status: 400, message });
const constraint = (value: unknown, member: string, text: string) => `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${text}`;

describe('settings of a new function', () => {
  it('have the defaults of Lambda', () => {
    expect(create()).toEqual({
      runtime: 'nodejs22.x',
      handler: 'index.handler',
      role: 'arn:aws:iam::123456789012:role/app',
      description: '',
      timeoutSeconds: 3,
      memoryMb: 128,
      ephemeralStorageMb: 512,
      architecture: 'x86_64',
      loggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/fn' },
      tracingMode: 'PassThrough',
      layers: [],
      kmsKeyArn: null,
      vpcConfig: null,
      durableConfig: null,
      imageConfig: null,
    });
  });

  it('take what the caller gives, up to the limits', () => {
    expect(create({ Timeout: 900, MemorySize: 10_240, EphemeralStorage: { Size: 10_240 }, TracingConfig: { Mode: 'Active' }, LoggingConfig: { LogFormat: 'JSON' } })).toMatchObject({
      timeoutSeconds: 900,
      memoryMb: 10_240,
      ephemeralStorageMb: 10_240,
      tracingMode: 'Active',
      loggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO', LogGroup: '/aws/lambda/fn' },
    });
  });

  it.each([
    [{ Timeout: 901 }, constraint(901, 'timeout', 'Member must have value less than or equal to 900')],
    [{ Timeout: 0 }, constraint(0, 'timeout', 'Member must have value greater than or equal to 1')],
    [{ MemorySize: 127 }, constraint(127, 'memorySize', 'Member must have value greater than or equal to 128')],
    [{ MemorySize: 10_241 }, constraint(10_241, 'memorySize', 'Member must have value less than or equal to 10240')],
    [{ EphemeralStorage: { Size: 511 } }, constraint(511, 'ephemeralStorage.size', 'Member must have value greater than or equal to 512')],
    [{ Runtime: 'nodejs99.x' }, "Value nodejs99.x at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs22.x, provided.al2023] or be a valid ARN"],
    [{ Runtime: 'ruby3.4' }, "Value ruby3.4 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs22.x, provided.al2023] or be a valid ARN"],
    [{ Runtime: 'go1.x' }, 'The runtime parameter of go1.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.'],
    [{ Runtime: undefined }, 'Runtime and Handler are mandatory parameters for functions created with deployment packages.'],
    [{ Architectures: ['arm64'] }, 'Architectures: arm64 is not supported by this deployment. It has workers for: x86_64.'],
    [{ LoggingConfig: { LogFormat: 'Text', ApplicationLogLevel: 'INFO' } }, 'LoggingConfig: log levels can be set only when LogFormat is JSON.'],
  ])('refuse %j', (more, message) => {
    expect(() => create(more)).toThrow(refusal(message));
  });

  it.each([
    ['a role that is none', { Role: 'arn:aws:iam::123:role/x' }],
    ['a handler with a space', { Handler: 'index handler' }],
  ])('refuse %s as the framework does', (_what, more) => {
    expect(() => create(more)).toThrow(expect.objectContaining({ code: 'ValidationException', status: 400 }));
  });

  it.each([
    ['DeadLetterConfig', { DeadLetterConfig: { TargetArn: 'arn:aws:sqs:us-east-1:123456789012:q' } }],
    ['FileSystemConfigs', { FileSystemConfigs: [{ Arn: 'a', LocalMountPath: '/mnt/x' }] }],
    ['SnapStart', { SnapStart: { ApplyOn: 'PublishedVersions' } }],
    ['TenancyConfig', { TenancyConfig: { TenantIsolationMode: 'PER_TENANT' } }],
    ['CapacityProviderConfig', { CapacityProviderConfig: {} }],
    ['DurableConfig', { DurableConfig: { ExecutionTimeout: 5, KMSKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/x' } }],
    ['PublishTo', { PublishTo: 'LATEST_PUBLISHED' }],
  ])('refuse %s by name instead of ignoring it', (name, more) => {
    expect(() => create(more)).toThrow(refusal(`${name} is not supported by this deployment.`));
  });

  it('of a container image have no runtime, handler or layers, and say what takes the place of what the image says', () => {
    const image = (more: Record<string, unknown> = {}) => settingsOfCreate({ Role: base.Role, PackageType: 'Image', ...more }, 'fn', limits);
    expect(image()).toMatchObject({ runtime: '', handler: '', imageConfig: null });
    expect(image({ ImageConfig: { EntryPoint: ['/a'], Command: [], WorkingDirectory: '' } }).imageConfig).toEqual({ EntryPoint: ['/a'] });
    const settings = image({ ImageConfig: { Command: ['b'], WorkingDirectory: '/c' } });
    expect(settings.imageConfig).toEqual({ Command: ['b'], WorkingDirectory: '/c' });
    expect(settingsOfUpdate(settings, { Timeout: 9 }, 'fn', limits).imageConfig).toEqual({ Command: ['b'], WorkingDirectory: '/c' });
    expect(settingsOfUpdate(settings, { ImageConfig: { EntryPoint: ['/a'] } }, 'fn', limits).imageConfig).toEqual({ EntryPoint: ['/a'] });
    expect(settingsOfUpdate(settings, { ImageConfig: {} }, 'fn', limits).imageConfig).toBeNull();
    const twoPlaces = "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.";
    expect(() => image({ Runtime: 'nodejs22.x' })).toThrow(refusal(twoPlaces));
    expect(() => image({ Handler: 'index.handler' })).toThrow(refusal(twoPlaces));
    expect(() => image({ Layers: ['arn'] })).toThrow(refusal(twoPlaces));
    expect(() => settingsOfUpdate(settings, { Handler: 'index.handler' }, 'fn', limits)).toThrow(refusal(twoPlaces));
    expect(() => create({ ImageConfig: { Command: ['x'] } })).toThrow(refusal("Please don't provide ImageConfig when the intended function PackageType is Zip."));
    expect(() => image({ ImageConfig: { WorkingDirectory: 'relative' } })).toThrow(refusal('ImageConfig: WorkingDirectory must be an absolute path.'));
    expect(() => image({ ImageConfig: { Command: Array.from({ length: 1_500 }, () => '0123456789') } })).toThrow(refusal('ImageConfig: the settings must be smaller than 16384 bytes.'));
  });

  it('accept neutral values of the same members', () => {
    expect(
      create({
        PackageType: 'Zip',
        DeadLetterConfig: { TargetArn: '' },
        KMSKeyArn: '',
        Layers: [],
        FileSystemConfigs: [],
        ImageConfig: {},
        SnapStart: { ApplyOn: 'None' },
        TracingConfig: { Mode: 'PassThrough' },
      }),
    ).toEqual(create());
  });
});

describe('DurableConfig', () => {
  const durable = (DurableConfig: Record<string, unknown>) => create({ DurableConfig });

  it('needs a timeout and keeps executions for 14 days', () => {
    expect(durable({ ExecutionTimeout: 60 }).durableConfig).toEqual({ ExecutionTimeout: 60, RetentionPeriodInDays: 14 });
    expect(durable({ ExecutionTimeout: 60, RetentionPeriodInDays: 3, KMSKeyArn: '' }).durableConfig).toEqual({ ExecutionTimeout: 60, RetentionPeriodInDays: 3 });
    expect(() => durable({ RetentionPeriodInDays: 3 })).toThrow(refusal('DurableConfig: ExecutionTimeout is required.'));
  });

  it('can be changed, member by member, but not given to a function that was created without', () => {
    const update = (current: FunctionSettings, DurableConfig: Record<string, unknown>) => settingsOfUpdate(current, { DurableConfig }, 'fn', limits).durableConfig;
    expect(update(durable({ ExecutionTimeout: 60, RetentionPeriodInDays: 3 }), { ExecutionTimeout: 90 })).toEqual({ ExecutionTimeout: 90, RetentionPeriodInDays: 3 });
    expect(settingsOfUpdate(durable({ ExecutionTimeout: 60 }), { Timeout: 9 }, 'fn', limits).durableConfig).toEqual({ ExecutionTimeout: 60, RetentionPeriodInDays: 14 });
    expect(() => update(create(), { ExecutionTimeout: 90 })).toThrow(refusal('DurableConfig can be set only when the function is created.'));
  });
});

describe('settings after an update', () => {
  it('keep what is absent', () => {
    expect(settingsOfUpdate(create({ Description: 'd', Timeout: 9 }), { MemorySize: 256 }, 'fn', limits)).toEqual({ ...create({ Description: 'd', Timeout: 9 }), memoryMb: 256 });
  });

  it('may stay on a runtime that left the deployment', () => {
    const left = { ...create(), runtime: 'python3.11' };
    expect(settingsOfUpdate(left, { Timeout: 9 }, 'fn', limits).runtime).toBe('python3.11');
    expect(() => settingsOfUpdate(left, { Runtime: 'python3.11' }, 'fn', limits)).toThrow(expect.objectContaining({ code: 'InvalidParameterValueException' }));
  });
});

import { validateEnvironment } from './environment.js';

describe('environment variables', () => {
  it('may have the names the platform leaves to the user', () => {
    expect(() => validateEnvironment({ PATH: '/x', TZ: ':UTC', AWS_DEFAULT_REGION: 'eu-west-1', NODE_OPTIONS: '--trace-warnings', AWS_XRAY_CONTEXT_MISSING: 'x', MY_VAR: '' })).not.toThrow();
  });

  it('may not have reserved names', () => {
    expect(() => validateEnvironment({ AWS_REGION: 'x', MINE: 'y', LAMBDA_TASK_ROOT: 'z' })).toThrow(
      expect.objectContaining({
        code: 'InvalidParameterValueException',
        message:
          'Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION, LAMBDA_TASK_ROOT',
      }),
    );
  });

  it('have 4 KB, measured as the JSON in bytes', () => {
    const overhead = Buffer.byteLength(JSON.stringify({ A1: '' }));
    expect(() => validateEnvironment({ A1: 'x'.repeat(4_096 - overhead) })).not.toThrow();
    const tooLong = { A1: 'ä'.repeat((4_096 - overhead) / 2 + 1) };
    expect(() => validateEnvironment(tooLong)).toThrow(
      expect.objectContaining({
        code: 'InvalidParameterValueException',
        message: `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${JSON.stringify(tooLong)}`,
      }),
    );
  });
});

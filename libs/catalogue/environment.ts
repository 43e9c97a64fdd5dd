import type { NamedKey, SecretSealer } from '@hearth/iam';
import { invalidParameter } from './errors.js';

/** Limit over all variables (spec/lambda-api.md 3). */
const MAX_ENVIRONMENT_BYTES = 4_096;

/** Set by the platform and not to be changed (spec/runtime-api.md 5). */
const RESERVED = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  '_AWS_XRAY_DAEMON_ADDRESS',
  '_AWS_XRAY_DAEMON_PORT',
  'AWS_LAMBDA_RUNTIME_API',
  'LAMBDA_TASK_ROOT',
  'LAMBDA_RUNTIME_DIR',
  'AWS_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_LOG_FORMAT',
  'AWS_LAMBDA_LOG_LEVEL',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_MAX_CONCURRENCY',
  'AWS_ACCESS_KEY_ID',
  'AWS_ACCESS_KEY',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
]);

/** @throws ServiceError InvalidParameterValueException for reserved names and more than 4 KB */
export function validateEnvironment(variables: Record<string, string>): void {
  const reserved = Object.keys(variables).filter((name) => RESERVED.has(name));
  if (reserved.length > 0) {
    throw invalidParameter(
      'Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are ' +
        `currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  }
  const text = JSON.stringify(variables);
  if (Buffer.byteLength(text) > MAX_ENVIRONMENT_BYTES) {
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${text}`,
    );
  }
}

/** Environment variables at rest: sealed, and bound to their function so that rows cannot be swapped. */
export class EnvironmentVault {
  constructor(private readonly secrets: SecretSealer) {}

  /** @param key the account's key to seal with; the platform's own unless given */
  async seal(functionId: string, variables: Record<string, string>, key?: NamedKey): Promise<Buffer> {
    return this.secrets.seal(Buffer.from(JSON.stringify(variables)), contextOf(functionId), key);
  }

  async hasKey(key: NamedKey): Promise<boolean> {
    return (await this.secrets.hasKey?.(key)) ?? false;
  }

  async open(functionId: string, sealed: Buffer): Promise<Record<string, string>> {
    return JSON.parse((await this.secrets.open(sealed, contextOf(functionId))).toString('utf8')) as Record<string, string>;
  }
}

/** What the sealed variables of a function are bound to. */
export function contextOf(functionId: string): string {
  return `function-environment:${functionId}`;
}

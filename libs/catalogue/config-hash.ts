import { createHash } from 'node:crypto';
import type { FunctionSettings } from './function-record.js';

/**
 * Base64 SHA-256 over everything configured; two versions with the same code and the same hash are the same.
 * @param sealedEnvironment the stored bytes: they stay when the variables do, so the hash tells nothing about secrets
 */
export function configSha256(settings: FunctionSettings, sealedEnvironment: Buffer | null): string {
  const { runtime, handler, role, description, timeoutSeconds, memoryMb, ephemeralStorageMb, architecture, loggingConfig, tracingMode, layers, durableConfig } = settings;
  const { LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup } = loggingConfig;
  const parts = [runtime, handler, role, description, timeoutSeconds, memoryMb, ephemeralStorageMb, architecture, LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup, tracingMode, sealedEnvironment?.toString('base64'), ...layers.map(({ arn }) => arn), ...(durableConfig === null ? [] : [durableConfig.ExecutionTimeout, durableConfig.RetentionPeriodInDays])];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

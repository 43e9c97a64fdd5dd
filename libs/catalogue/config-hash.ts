import { createHash } from 'node:crypto';
import type { FunctionSettings } from './function-record.js';

/**
 * Base64 SHA-256 over everything configured; two versions with the same code and the same hash are the same.
 * @param environmentId stays when the variables do, and tells nothing about them
 */
export function configSha256(settings: FunctionSettings, environmentId: string | null): string {
  const { runtime, handler, role, description, timeoutSeconds, memoryMb, ephemeralStorageMb, architecture, loggingConfig, tracingMode, layers, kmsKeyArn, durableConfig, vpcConfig, imageConfig } = settings;
  const { LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup } = loggingConfig;
  const parts = [
    runtime, handler, role, description, timeoutSeconds, memoryMb, ephemeralStorageMb, architecture, LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup, tracingMode, environmentId,
    ...layers.map(({ arn }) => arn),
    ...(kmsKeyArn === null ? [] : [kmsKeyArn]),
    ...(imageConfig === null ? [] : ['ImageConfig', imageConfig.EntryPoint, imageConfig.Command, imageConfig.WorkingDirectory]),
    ...(durableConfig === null ? [] : [durableConfig.ExecutionTimeout, durableConfig.RetentionPeriodInDays]),
    ...(vpcConfig === null ? [] : ['VpcConfig', ...vpcConfig.SubnetIds, ...vpcConfig.SecurityGroupIds]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

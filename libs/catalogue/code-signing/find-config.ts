import type { OperationContext } from '@hearth/aws-wire';
import { parseConfigArn, type CodeSigningConfig } from './code-signing-config.js';
import type { CodeSigningStore } from './code-signing-store.js';
import { configNotFound, noSuchConfig } from './errors.js';

/** @returns the id in an ARN of the caller's account and region; undefined for one of elsewhere */
export function ownConfigId(arn: string, context: Pick<OperationContext, 'accountId' | 'region'>): string | undefined {
  const { accountId, region, id } = parseConfigArn(arn);
  return accountId === context.accountId && region === context.region ? id : undefined;
}

/** @throws ServiceError ResourceNotFoundException */
export async function configOf(store: CodeSigningStore, arn: string, context: OperationContext): Promise<CodeSigningConfig> {
  const id = ownConfigId(arn, context);
  const found = id === undefined ? undefined : await store.find(context, id);
  if (found === undefined) throw noSuchConfig();
  return found;
}

/** The configuration that a function is to have. @throws ServiceError CodeSigningConfigNotFoundException */
export async function configForFunction(store: CodeSigningStore, arn: string, context: OperationContext): Promise<CodeSigningConfig> {
  const id = ownConfigId(arn, context);
  const found = id === undefined ? undefined : await store.find(context, id);
  if (found === undefined) throw configNotFound(arn);
  return found;
}

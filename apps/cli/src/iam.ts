import { parseArgs } from 'node:util';
import { storedFunctionPolicy } from '@hearth/catalogue';
import { Guard } from '@hearth/iam';
import { OperatorError } from '@hearth/kernel';
import type { Installation } from './installation.js';
import { withDatabase } from './platform-database.js';

const USAGE = 'hearth iam explain PRINCIPAL_ARN ACTION RESOURCE_ARN [--source-ip IP] [--context KEY=VALUE]...';

/** `hearth iam explain`: why a call is allowed or denied, with every statement about the action, those of the function's resource policy too. Status 1 when it is denied. */
export async function iam(place: Installation, arguments_: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: arguments_, allowPositionals: true, options: { 'source-ip': { type: 'string' }, context: { type: 'string', multiple: true } } });
  const [verb, principalArn, action, resource] = positionals;
  if (verb !== 'explain' || principalArn === undefined || action === undefined || resource === undefined) throw new OperatorError('What is to be explained?', USAGE);
  const accountId = principalArn.split(':')[4] ?? '';
  const context: Record<string, string[]> = {};
  for (const pair of values.context ?? []) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new OperatorError(`--context ${pair} is not KEY=VALUE.`, USAGE);
    (context[pair.slice(0, equals)] ??= []).push(pair.slice(equals + 1));
  }
  return withDatabase(place, async (database) => {
    const guard = new Guard({ database, onError: (error) => process.stderr.write(`${error.message}\n`) });
    const facts = { sourceIp: values['source-ip'], secure: false, now: Date.now(), region: place.settings.HEARTH_REGION };
    const [explained] = await guard.explain({ accountId, principalArn }, { action, resource, context }, facts, await storedFunctionPolicy(database, resource));
    console.log(explained!.text);
    return explained!.allowed ? 0 : 1;
  });
}

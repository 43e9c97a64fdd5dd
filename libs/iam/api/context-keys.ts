import type { OperationHandler } from '@hearth/aws-wire';
import { PrincipalPolicyStore } from '../store/principal-policies.js';
import { noSuchEntity } from './errors.js';
import type { IamParts } from './parts.js';
import { givenPolicies, simulatedPrincipal } from './simulation-input.js';

/** Which condition keys policies ask for: what a simulation needs as context entries. */
export function contextKeyOperations({ database }: IamParts): Record<string, OperationHandler> {
  const principals = new PrincipalPolicyStore(database);
  return {
    GetContextKeysForCustomPolicy: async ({ PolicyInputList }: { PolicyInputList: string[] }) => answer(PolicyInputList),
    GetContextKeysForPrincipalPolicy: async ({ PolicySourceArn, PolicyInputList = [] }: { PolicySourceArn: string; PolicyInputList?: string[] }, { accountId }) => {
      // Refuses what is no user, group or role before anything is looked up.
      simulatedPrincipal(PolicySourceArn);
      const source = await principals.policiesOf(accountId, PolicySourceArn);
      if (source === undefined) throw noSuchEntity(`The principal ${PolicySourceArn} cannot be found.`);
      return answer([...source.identity.map(({ document }) => document), ...PolicyInputList]);
    },
  };
}

function answer(documents: string[]): Record<string, unknown> {
  givenPolicies('PolicyInputList', documents); // Refuses what is no policy.
  // Keys are the same in any case; the first spelling is answered.
  const names = new Map<string, string>();
  for (const document of documents) for (const key of keysOf(JSON.parse(document))) if (!names.has(key.toLowerCase())) names.set(key.toLowerCase(), key);
  return { ContextKeyNames: [...names.values()] };
}

/** Of conditions, and of variables (`${aws:username}`) anywhere. */
function keysOf(value: unknown): string[] {
  if (typeof value === 'string') return [...value.matchAll(/\$\{\s*([^}:,\s]+:[^},\s]+)/g)].map(([, key]) => key!);
  if (Array.isArray(value)) return value.flatMap(keysOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => (name === 'Condition' ? conditionKeys(member as Record<string, object>) : keysOf(member)));
}

function conditionKeys(condition: Record<string, object>): string[] {
  return Object.values(condition).flatMap((tests) => [...Object.keys(tests), ...keysOf(Object.values(tests))]);
}

import { ActionPatterns } from './action-patterns.js';
import { ArnPattern } from './arn-pattern.js';
import { compileCondition, isValidFor, parseOperator, type Condition } from './condition.js';
import { malformed } from './malformed.js';
import type { PolicyKind, ResourcePatterns, Statement } from './parsed-policy.js';
import { parsePrincipals } from './parse-principals.js';
import { parseTemplate } from './template.js';

const MEMBERS = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
]);
const VENDOR = /^[A-Za-z0-9-]+$/;
const ACTION_NAME = /^[A-Za-z0-9*?_.-]+$/;
/** Only the actions that a trust policy is asked about. */
const TRUST_ACTION = /^(?:\*|sts:[A-Za-z*?]+)$/i;

/** @throws ServiceError MalformedPolicyDocument */
export function parseStatement(
  statement: Record<string, unknown>,
  index: number,
  kind: PolicyKind,
  variables: boolean,
): Statement {
  for (const member of Object.keys(statement))
    if (!MEMBERS.has(member)) throw malformed(`Syntax errors in policy. Unknown field ${member}`);
  const { Sid: sid, Effect: effect } = statement;
  if (sid !== undefined && typeof sid !== 'string') throw malformed('Syntax errors in policy. Sid must be a string');
  if (effect === undefined) throw malformed('Syntax errors in policy. Missing required field Effect');
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed(`Syntax errors in policy. Invalid effect: ${String(effect)}`);
  const actions = oneOf(statement, 'Action', 'NotAction');
  if (actions === undefined || actions.values.length === 0) throw malformed('Policy statement must contain actions.');
  for (const action of actions.values) checkAction(action, kind);
  return {
    index,
    effect,
    ...(sid === undefined ? {} : { sid }),
    actions: new ActionPatterns(actions.values),
    notActions: actions.negated,
    ...parseResources(statement, kind, variables),
    ...parsePrincipalElement(statement, kind),
    conditions: parseConditions(statement['Condition'], variables),
  };
}

function checkAction(action: string, kind: PolicyKind): void {
  if (action === '*' || (action === '*:*' && kind !== 'trust')) return;
  const [vendor, name, ...more] = action.split(':') as [string, string | undefined, ...string[]];
  if (name === undefined) throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  if (more.length > 0) throw malformed('Actions/Condition can contain only one colon.');
  if (!VENDOR.test(vendor)) throw malformed(`Vendor ${vendor} is not valid`);
  if (!ACTION_NAME.test(name)) throw malformed(`Syntax errors in policy. Invalid action ${action}`);
  if (kind === 'trust' && !TRUST_ACTION.test(action))
    throw malformed('AssumeRole policy may only specify STS AssumeRole actions.');
}

function parseResources(
  statement: Record<string, unknown>,
  kind: PolicyKind,
  variables: boolean,
): { resources?: ResourcePatterns; notResources: boolean } {
  const given = oneOf(statement, 'Resource', 'NotResource');
  if (kind === 'trust') {
    if (given !== undefined) throw malformed('Has prohibited field Resource');
    return { notResources: false };
  }
  if (given === undefined || given.values.length === 0) throw malformed('Policy statement must contain resources.');
  const patterns = given.values.map((value) => {
    if (value !== '*' && !value.startsWith('arn:')) throw malformed(`Resource ${value} must be in ARN format or "*".`);
    return new ArnPattern(parseTemplate(value, { variables, wildcards: true }));
  });
  const exact = new Set(patterns.flatMap((pattern) => pattern.exact ?? []));
  const open = patterns.filter((pattern) => pattern.exact === undefined);
  return {
    resources: { exact, patterns: open, requiredKeys: [...new Set(open.flatMap((pattern) => pattern.requiredKeys))] },
    notResources: given.negated,
  };
}

function parsePrincipalElement(
  statement: Record<string, unknown>,
  kind: PolicyKind,
): Pick<Statement, 'principals' | 'notPrincipals'> {
  const { Principal: principal, NotPrincipal: notPrincipal } = statement;
  if (kind === 'identity') {
    if (principal !== undefined || notPrincipal !== undefined) throw malformed('Policy document should not specify a principal.');
    return { notPrincipals: false };
  }
  if (principal !== undefined && notPrincipal !== undefined)
    throw malformed('Syntax errors in policy. Principal and NotPrincipal exclude each other');
  if (principal === undefined && notPrincipal === undefined) throw malformed('Missing required field Principal');
  return { principals: parsePrincipals(principal ?? notPrincipal), notPrincipals: principal === undefined };
}

function parseConditions(given: unknown, variables: boolean): Condition[] {
  if (given === undefined) return [];
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw malformed('Syntax errors in policy. Condition must be an object');
  return Object.entries(given).flatMap(([name, keys]) => {
    const operator = parseOperator(name);
    if (operator === undefined) throw malformed(`Syntax errors in policy. Invalid condition operator ${name}`);
    if (typeof keys !== 'object' || keys === null || Array.isArray(keys))
      throw malformed(`Syntax errors in policy. ${name} must be an object`);
    const entries = Object.entries(keys as Record<string, unknown>);
    // The same key in two spellings would be two conditions to one reader and one to another.
    if (new Set(entries.map(([key]) => key.toLowerCase())).size < entries.length)
      throw malformed(`Syntax errors in policy. ${name} names a key twice`);
    return entries.map(([key, value]) => {
      if (!key.includes(':')) throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
      const values = (Array.isArray(value) ? value : [value]).map((one: unknown) => {
        if (typeof one !== 'string' && typeof one !== 'boolean' && typeof one !== 'number')
          throw malformed(`Syntax errors in policy. Invalid value of ${key}`);
        return String(one);
      });
      if (values.length === 0) throw malformed(`Syntax errors in policy. ${key} has no value`);
      const invalid = values.find((one) => !isValidFor(operator, one));
      if (invalid !== undefined) throw malformed(`Syntax errors in policy. Invalid value of ${key} for ${name}: ${invalid}`);
      return compileCondition(operator, key, values, variables);
    });
  });
}

/** The values of an element that comes plain or negated, as one string or a list. */
function oneOf(
  statement: Record<string, unknown>,
  plain: string,
  negated: string,
): { values: string[]; negated: boolean } | undefined {
  const [value, other] = [statement[plain], statement[negated]];
  if (value !== undefined && other !== undefined)
    throw malformed(`Syntax errors in policy. ${plain} and ${negated} exclude each other`);
  if (value === undefined && other === undefined) return undefined;
  const values: unknown[] = [value ?? other].flat();
  if (!values.every((one) => typeof one === 'string'))
    throw malformed(`Syntax errors in policy. ${value === undefined ? negated : plain} must be a string or a list of strings`);
  return { values, negated: value === undefined };
}

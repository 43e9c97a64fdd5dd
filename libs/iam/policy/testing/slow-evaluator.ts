/*
 * A second, independent reading of the policy language, to compare `evaluate` with. It interprets the JSON of the documents anew for
 * every request, recursively and without regard to cost, and shares no code with the evaluator: only the shape of a request.
 */
import type { AuthorisationRequest } from '../decision.js';

type Json = Record<string, unknown>;
export interface SlowPolicies {
  identity: string[];
  resource?: string[] | undefined;
  boundary?: string[] | undefined;
  session?: string[] | undefined;
}
export interface SlowDecision {
  effect: 'allowed' | 'implicitDeny' | 'explicitDeny';
  /** Which type of policy denies, or does not allow. */
  culprit: string | undefined;
  /** `type/policy number/statement number` */
  matched: string[];
  /** Keys that would have been needed. */
  missing: string[];
}
type Context = { key: string; values: readonly string[] }[];
type Token = { text: string } | '*' | '?';

export function decideSlowly(request: AuthorisationRequest, policies: SlowPolicies): SlowDecision {
  const context = Object.entries(request.context)
    .filter(([, values]) => values.length > 0)
    .map(([key, values]) => ({ key: key.toLowerCase(), values }));
  const hits = (['identity', 'resource', 'boundary', 'session'] as const).flatMap((type) =>
    (policies[type] ?? []).flatMap((text, policy) => {
      const document = JSON.parse(text) as Json;
      return listOf(document['Statement']).flatMap((one, index) => {
        const statement = one as Json;
        return applies(statement, document['Version'] === '2012-10-17', request, context)
          ? [{ type, policy, index, statement }]
          : [];
      });
    }),
  );
  const missing = [
    ...new Set(
      Object.values(policies).flatMap((texts?: string[]) =>
        (texts ?? []).flatMap((text) => missingKeys(JSON.parse(text) as Json, request, context)),
      ),
    ),
  ].sort();
  const matched = hits.map(({ type, policy, index }) => `${type}/${policy}/${index}`);
  const denying = hits.find(({ statement }) => statement['Effect'] === 'Deny');
  if (denying !== undefined) return { effect: 'explicitDeny', culprit: denying.type, matched, missing };
  const culprit = whoMustStillAllow(request, policies, (type, test = () => true) =>
    hits.some((hit) => hit.type === type && test(hit.statement)),
  );
  return { effect: culprit === undefined ? 'allowed' : 'implicitDeny', culprit, matched, missing };
}

function whoMustStillAllow(
  { principal, resourceAccountId, needsResourcePolicy }: AuthorisationRequest,
  policies: SlowPolicies,
  allows: (type: string, test?: (statement: Json) => boolean) => boolean,
): string | undefined {
  if (principal.accountId === '') return allows('resource') ? undefined : 'resource';
  const named = (names: string[]) => (statement: Json) => {
    if (statement['NotPrincipal'] !== undefined || statement['Principal'] === '*') return true;
    const list = listOf((statement['Principal'] as Json)['AWS']);
    return names.some((name) => list.includes(name));
  };
  const accountNames = [principal.accountId, `arn:aws:iam::${principal.accountId}:root`];
  const itself = [
    '*',
    ...(principal.kind === 'root' ? accountNames : principal.kind === 'role' ? [] : [principal.arn]),
    ...(principal.kind === 'user' && principal.uniqueId ? [principal.uniqueId] : []),
  ];
  const role = principal.kind === 'role' ? [principal.arn] : principal.kind === 'assumed-role' ? [principal.roleArn!] : [];
  if ((principal.kind === 'role' || principal.kind === 'assumed-role') && principal.uniqueId) role.push(principal.uniqueId);
  const local = principal.accountId === resourceAccountId;
  const needed: [string, boolean][] = [];
  if (local && allows('resource', named(itself))) return undefined;
  const roleNamed = local && allows('resource', named(role));
  if (local && needsResourcePolicy) needed.push(['resource', allows('resource')]);
  if (!roleNamed && principal.kind !== 'root') needed.push(['identity', allows('identity')]);
  if (policies.boundary) needed.push(['boundary', allows('boundary')]);
  if (policies.session) needed.push(['session', allows('session')]);
  if (!local) needed.push(['resource', allows('resource')]);
  return needed.find(([, allowed]) => !allowed)?.[0];
}

function applies(statement: Json, variables: boolean, request: AuthorisationRequest, context: Context): boolean {
  const named = (list: unknown) =>
    listOf(list).some(
      (action) =>
        action === '*' || glob(tokens(String(action).toLowerCase(), false, true, context)!, request.action.toLowerCase()),
    );
  if (statement['Action'] === undefined ? named(statement['NotAction']) : !named(statement['Action'])) return false;
  if (!principalApplies(statement, request.principal)) return false;
  if (
    statement['Resource'] !== undefined &&
    !listOf(statement['Resource']).some((one) => arnMatches(String(one), request.resource, variables, context) === true)
  )
    return false;
  if (
    statement['NotResource'] !== undefined &&
    !listOf(statement['NotResource']).every((one) => arnMatches(String(one), request.resource, variables, context) === false)
  )
    return false;
  return Object.entries((statement['Condition'] ?? {}) as Record<string, Json>).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => conditionHolds(operator, key, listOf(values).map(String), variables, context)),
  );
}

/** Keys of conditions, and of variables without a default, in statements that are about the request. */
function missingKeys(document: Json, request: AuthorisationRequest, context: Context): string[] {
  const variables = document['Version'] === '2012-10-17';
  const variableKeys = (texts: unknown[]) =>
    variables
      ? texts.flatMap((text) =>
          [...String(text).matchAll(/\$\{\s*([^}',]+?)\s*(?:,[^}']*)?\}/g)]
            .map(([, name]) => name!)
            .filter((name) => !['*', '?', '$'].includes(name)),
        )
      : [];
  const wanted = listOf(document['Statement']).flatMap((one) => {
    const { Condition: condition, Resource, NotResource, ...aboutRequest } = one as Json;
    if (!applies(aboutRequest, variables, request, context)) return [];
    const resource = variableKeys(listOf(Resource ?? NotResource));
    if (!applies({ ...aboutRequest, Resource, NotResource }, variables, request, context)) return resource;
    const conditions = Object.entries((condition ?? {}) as Record<string, Json>).filter(([operator]) => operator !== 'Null');
    return [
      ...resource,
      ...conditions.flatMap(([operator, keys]) =>
        Object.entries(keys).flatMap(([key, values]) => [
          key,
          ...(/String|Arn/.test(operator) ? variableKeys(listOf(values)) : []),
        ]),
      ),
    ];
  });
  return wanted.map((key) => key.toLowerCase()).filter((key) => !context.some((entry) => entry.key === key));
}

function principalApplies(statement: Json, principal: AuthorisationRequest['principal']): boolean {
  if (statement['Principal'] === undefined && statement['NotPrincipal'] === undefined) return true;
  const element = statement['Principal'] ?? statement['NotPrincipal'];
  const lists = (element === '*' ? { AWS: '*' } : element) as Json;
  const has = (type: string, ...names: (string | undefined)[]) =>
    names.some((name) => name !== undefined && listOf(lists[type]).includes(name));
  const public_ = has('AWS', '*');
  const levels: boolean[] = [];
  if (principal.kind === 'service') levels.push(public_ || has('Service', principal.arn));
  else if (principal.kind === 'anonymous') levels.push(public_);
  else {
    levels.push(public_ || has('AWS', principal.accountId, `arn:aws:iam::${principal.accountId}:root`));
    if (principal.kind === 'user') levels.push(public_ || has('AWS', principal.arn, principal.uniqueId));
    if (principal.kind === 'role') levels.push(public_ || has('AWS', principal.arn, principal.uniqueId));
    if (principal.kind === 'assumed-role')
      levels.push(public_ || has('AWS', principal.roleArn, principal.uniqueId), public_ || has('AWS', principal.arn));
  }
  if (statement['Principal'] !== undefined) return levels.includes(true);
  return statement['Effect'] === 'Deny' ? levels.includes(false) : !levels.includes(true);
}

function conditionHolds(operator: string, key: string, listed: string[], variables: boolean, context: Context): boolean {
  const values = context.find((entry) => entry.key === key.toLowerCase())?.values;
  if (operator === 'Null') return listed.some((value) => (value.toLowerCase() === 'true') === (values === undefined));
  const [prefix, suffixed] = operator.includes(':') ? (operator.split(':') as [string, string]) : ['', operator];
  const base = suffixed.replace(/IfExists$/, '');
  if (values === undefined && base !== suffixed) return true;
  const negated = base.includes('Not');
  const positive = base.replace('Not', '');
  // Per value of the request: true, false, or 'unknown' when it hangs on a variable that has no value.
  const outcome = (value: string): boolean | 'unknown' => {
    const each = listed.map((one) => compare(positive, value, one, variables, context));
    return each.includes(true) ? true : each.includes('unknown') ? 'unknown' : false;
  };
  const good = (value: string) => (negated ? outcome(value) === false : outcome(value) === true);
  if (prefix === 'ForAllValues') return (values ?? []).filter((value) => !good(value)).length === 0;
  if (prefix === 'ForAnyValue') return (values ?? []).filter(good).length > 0;
  if (values === undefined) return negated;
  return negated ? !values.some((value) => !good(value)) : values.some(good);
}

function compare(operator: string, value: string, listed: string, variables: boolean, context: Context): boolean | 'unknown' {
  const order = (parse: (text: string) => number, relation: string): boolean => {
    const [a, b] = [parse(value), parse(listed)];
    return { Equals: a === b, LessThan: a < b, LessThanEquals: a <= b, GreaterThan: a > b, GreaterThanEquals: a >= b }[relation]!;
  };
  if (operator.startsWith('Numeric')) return order((text) => (text.trim() === '' ? Number.NaN : Number(text)), operator.slice(7));
  if (operator.startsWith('Date')) return order(epochMs, operator.slice(4));
  if (operator === 'Bool') return value.toLowerCase() === listed.toLowerCase();
  if (operator === 'BinaryEquals')
    return !/[^A-Za-z0-9+/=]/.test(value) && Buffer.from(value, 'base64').equals(Buffer.from(listed, 'base64'));
  if (operator === 'IpAddress') return inRange(value, listed);
  if (operator.startsWith('Arn')) return arnMatches(listed, value, variables, context);
  const like = operator === 'StringLike';
  const ignoreCase = operator.endsWith('IgnoreCase');
  const pattern = tokens(listed, variables, like, context);
  if (pattern === 'unknown') return 'unknown';
  const folded = ignoreCase
    ? pattern.map((token) => (typeof token === 'object' ? { text: token.text.toLowerCase() } : token))
    : pattern;
  return glob(folded, ignoreCase ? value.toLowerCase() : value);
}

function arnMatches(pattern: string, value: string, variables: boolean, context: Context): boolean | 'unknown' {
  if (pattern === '*') return true;
  const whole = tokens(pattern, variables, true, context);
  if (whole === 'unknown') return 'unknown';
  // One list of single characters and wildcards per part. A variable's text never ends a part, unless the pattern starts with it.
  const parts: Token[][] = [[]];
  const startsWithVariable = variables && /^\$\{[^*?$}]/.test(pattern);
  for (const token of whole) {
    if (typeof token === 'object' && (token as { variable?: boolean }).variable && !startsWithVariable) parts.at(-1)!.push(token);
    else if (typeof token === 'object')
      for (const character of token.text)
        character === ':' && parts.length < 6 ? parts.push([]) : parts.at(-1)!.push({ text: character });
    else parts.at(-1)!.push(token);
  }
  while (parts.length < 6) parts.push(['*']);
  const [a, b, c, d, e, ...rest] = value.split(':');
  if (rest.length === 0 || a !== 'arn') return false;
  return [a, b!, c!, d!, e!, rest.join(':')].every((text, index) => glob(parts[index]!, text));
}

function tokens(text: string, variables: boolean, wildcards: boolean, context: Context): Token[] | 'unknown' {
  if (text === '') return [];
  const variable = variables ? /^\$\{\s*([^}']*?)\s*(?:,\s*'([^']*)'\s*)?\}/.exec(text) : null;
  if (variable !== null && variable[1] !== '') {
    const [all, name, fallback] = variable as unknown as [string, string, string | undefined];
    const rest = tokens(text.slice(all.length), variables, wildcards, context);
    if (['*', '?', '$'].includes(name)) return rest === 'unknown' ? rest : [{ text: name }, ...rest];
    const values = context.find((entry) => entry.key === name.toLowerCase())?.values;
    const value = values === undefined ? fallback : values.length > 1 ? undefined : values[0];
    return value === undefined || rest === 'unknown' ? 'unknown' : [{ text: value, variable: true } as Token, ...rest];
  }
  const rest = tokens(text.slice(1), variables, wildcards, context);
  if (rest === 'unknown') return rest;
  const first = text[0]!;
  return [wildcards && (first === '*' || first === '?') ? first : { text: first }, ...rest];
}

function glob(pattern: readonly Token[] | 'unknown', text: string): boolean {
  if (pattern === 'unknown') return false;
  const [first, ...rest] = pattern;
  if (first === undefined) return text === '';
  if (first === '*') return glob(rest, text) || (text !== '' && glob(pattern, text.slice(1)));
  if (first === '?') return text !== '' && glob(rest, text.slice(1));
  return text.startsWith(first.text) && glob(rest, text.slice(first.text.length));
}

function inRange(address: string, range: string): boolean {
  const [base, prefix] = range.split('/') as [string, string | undefined];
  const [a, b] = [bitsOf(address), bitsOf(base)];
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  const length = prefix === undefined ? b.length : Number(prefix);
  return a.slice(0, length) === b.slice(0, length);
}

/** The address as a string of 0 and 1. */
function bitsOf(address: string): string | undefined {
  if (/^::ffff:\d+\./.test(address)) return bitsOf(address.slice(7));
  if (/^\d+(\.\d+){3}$/.test(address))
    return address
      .split('.')
      .map((byte) => Number(byte).toString(2).padStart(8, '0'))
      .join('');
  if (!/^[0-9a-f:]+$/.test(address) || !address.includes(':')) return undefined;
  const [head, tail] = address.split('::') as [string, string | undefined];
  const words = (text: string) => (text === '' ? [] : text.split(':'));
  const front = words(head);
  const back = words(tail ?? '');
  const filled =
    tail === undefined ? front : [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back];
  return filled.map((word) => Number.parseInt(word, 16).toString(2).padStart(16, '0')).join('');
}

function listOf(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** Seconds since the epoch or a date; what else JavaScript's Date reads as a date ("2.5" is the fifth of February) is none. */
function epochMs(text: string): number {
  if (/^[+-]?[\d.]+$/.test(text) && !Number.isNaN(Number(text))) return Number(text) * 1000;
  return /^\d{4}-\d\d/.test(text) ? new Date(text).getTime() : Number.NaN;
}

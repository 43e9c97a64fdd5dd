import fc from 'fast-check';
import type { AuthorisationRequest } from '../decision.js';
import type { ContextValues } from '../request-context.js';
import type { SlowPolicies } from './slow-evaluator.js';

/*
 * Random policies with random requests. Everything is drawn from small alphabets, so that patterns nearly match: a space of
 * realistic texts would answer implicitDeny to almost all of them.
 */

const ACCOUNTS = ['111111111111', '222222222222'];
const account = fc.constantFrom(...ACCOUNTS);

/** Mostly an alphabet's letters, some wildcards. */
const patternText = (letters: string[], maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...letters) }, { weight: 1, arbitrary: fc.constantFrom('*', '?') }), {
      maxLength,
    })
    .map((parts) => parts.join(''));

const KEYS = ['aws:username', 'aws:PrincipalTag/t', 's:set', 's:n', 's:when', 's:ip', 's:arn', 's:bool', 's:bin'];
const variable = fc.constantFrom(
  '${aws:username}',
  '${AWS:UserName}',
  "${aws:username, 'a'}",
  '${aws:PrincipalTag/t}',
  "${aws:principaltag/T,'*'}",
  '${s:set}',
  '${*}',
  '${?}',
  '${$}',
  '${',
  '$',
  '${}',
);
const key = fc.constantFrom(...KEYS, ...KEYS.map((name) => name.toUpperCase()));

const action = fc.constantFrom('s:a', 's:ab', 's:aab', 't:ba', 'S:AB');
const actionPattern = fc.oneof(
  fc.constant('*'),
  fc
    .tuple(
      fc.constantFrom('s', 't', 'S'),
      patternText(['a', 'b', 'A'], 5).filter((name) => name !== ''),
    )
    .map((parts) => parts.join(':')),
);

const resourceText = fc
  .array(fc.constantFrom('a', 'b', 'ab', '/', ':', '*', '$'), { maxLength: 5 })
  .map((parts) => parts.join(''));
const arn = fc
  .tuple(fc.constantFrom('s', 't'), fc.constantFrom('', 'r'), account, resourceText)
  .map(([service, region, owner, rest]) => `arn:aws:${service}:${region}:${owner}:${rest}`);
const resource = fc.oneof({ weight: 8, arbitrary: arn }, { weight: 1, arbitrary: fc.constant('*') });
const resourcePattern = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'ab', '/', ':') },
      { weight: 3, arbitrary: fc.constantFrom('*', '?') },
      { weight: 2, arbitrary: variable },
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));
const arnPattern = fc.oneof(
  { weight: 2, arbitrary: fc.constant('*') },
  { weight: 1, arbitrary: fc.constantFrom('arn:aws:s', 'arn:aws:*', 'arn:*:t:*', 'arn:aws:s::*', 'arn:a?s:s:r:1*') },
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.constantFrom('s', 's', '*', '?', 't'),
        fc.constantFrom('*', '', 'r', '?'),
        fc.oneof(account, fc.constantFrom('*', '1*1', '${aws:PrincipalTag/t}')),
        resourcePattern,
      )
      .map(([service, region, owner, rest]) => `arn:aws:${service}:${region}:${owner}:${rest}`),
  },
);

const word = fc.constantFrom('a', 'b', 'ab', 'A', 'aXb', '*', '', 'a*', '1', 'Ab');
const stringPattern = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'A', 'X') },
      { weight: 2, arbitrary: fc.constantFrom('*', '?') },
      { weight: 1, arbitrary: variable },
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));
const numberText = fc.constantFrom('0', '1', '-1', '1.0', '2.5', '1e1', '10', '+1');
const dateText = fc.constantFrom(
  '2026-01-01T00:00:00Z',
  '1767225600',
  '2026-01-01',
  '2026-01-01T01:00:00+01:00',
  '2025-06-30T12:00:00.500Z',
  '0',
);
const addressText = fc.constantFrom('10.0.0.1', '10.0.1.1', '::ffff:10.0.0.1', 'fd00::1', 'fd00:0:0:1::1', '192.168.0.1');
const rangeText = fc.constantFrom(
  '10.0.0.0/24',
  '10.0.0.1',
  '10.0.0.0/8',
  '0.0.0.0/0',
  'fd00::/64',
  'fd00::1',
  '::/0',
  '192.168.0.0/31',
);
const binaryText = fc.constantFrom('YQ==', 'YWI=', '', 'YQ', 'AAAA');
const boolText = fc.constantFrom<string | boolean>('true', 'false', 'True', true, false);

const listed: Record<string, { names: string[]; value: fc.Arbitrary<string | boolean> }> = {
  string: {
    names: [
      'StringEquals',
      'StringNotEquals',
      'StringEqualsIgnoreCase',
      'StringNotEqualsIgnoreCase',
      'StringLike',
      'StringNotLike',
    ],
    value: stringPattern,
  },
  numeric: {
    names: [
      'NumericEquals',
      'NumericNotEquals',
      'NumericLessThan',
      'NumericLessThanEquals',
      'NumericGreaterThan',
      'NumericGreaterThanEquals',
    ],
    value: numberText,
  },
  date: {
    names: ['DateEquals', 'DateNotEquals', 'DateLessThan', 'DateLessThanEquals', 'DateGreaterThan', 'DateGreaterThanEquals'],
    value: dateText,
  },
  ip: { names: ['IpAddress', 'NotIpAddress'], value: rangeText },
  arn: {
    names: ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'],
    value: fc.oneof(
      { weight: 6, arbitrary: arnPattern },
      { weight: 1, arbitrary: fc.constantFrom('${s:arn}', '${aws:username}') },
    ),
  },
  bool: { names: ['Bool'], value: boolText },
  binary: { names: ['BinaryEquals'], value: binaryText },
};
/** The key that holds what a family compares, so that conditions are often about something. */
const OWN_KEY: Record<string, string[]> = {
  string: ['aws:username', 's:set', 'aws:principaltag/T'],
  numeric: ['s:n'],
  date: ['s:when'],
  ip: ['s:ip'],
  arn: ['s:arn'],
  bool: ['s:bool'],
  binary: ['s:bin'],
};

const oneOrMore = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> =>
  fc.oneof({ weight: 3, arbitrary }, { weight: 2, arbitrary: fc.array(arbitrary, { minLength: 1, maxLength: 3 }) });

const operatorWithKey = fc.oneof(
  ...Object.entries(listed).map(([family, { names, value }]) => ({
    weight: family === 'string' ? 6 : family === 'arn' ? 3 : 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('', '', '', 'ForAllValues:', 'ForAnyValue:'),
        fc.constantFrom(...names),
        fc.constantFrom('', '', 'IfExists'),
        fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...OWN_KEY[family]!) }, { weight: 1, arbitrary: key }),
        oneOrMore(value),
      )
      .map(([prefix, name, suffix, of, values]) => [`${prefix}${name}${suffix}`, of, values] as const),
  })),
  { weight: 1, arbitrary: fc.tuple(key, oneOrMore(boolText)).map(([of, values]) => ['Null', of, values] as const) },
);

const condition = fc.array(operatorWithKey, { maxLength: 2 }).map((entries) => {
  const document: Record<string, Record<string, unknown>> = {};
  for (const [operator, of, values] of entries) {
    const keys = (document[operator] ??= {});
    if (!Object.keys(keys).some((existing) => existing.toLowerCase() === of.toLowerCase())) keys[of] = values;
  }
  return document;
});

const NAMES = ACCOUNTS.flatMap((id) => [
  id,
  `arn:aws:iam::${id}:root`,
  `arn:aws:iam::${id}:user/a`,
  `arn:aws:iam::${id}:role/p/a`,
  `arn:aws:sts::${id}:assumed-role/a/s`,
]);
const awsName = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.constantFrom('*', 'AIDAAAAAAAAAAAAAAAAAA', 'AROAAAAAAAAAAAAAAAAAA') },
);
const principalElement = fc.oneof(
  { weight: 1, arbitrary: fc.constant('*' as unknown) },
  {
    weight: 5,
    arbitrary: fc.array(awsName, { minLength: 1, maxLength: 4 }).map((AWS) => ({ AWS: AWS.length === 1 ? AWS[0] : AWS })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('s.amazonaws.com', 't.amazonaws.com'), fc.array(awsName, { maxLength: 1 }))
      .map(([Service, AWS]) => ({ Service, ...(AWS.length > 0 ? { AWS } : {}) })),
  },
);

const effect = fc.oneof({ weight: 4, arbitrary: fc.constant('Allow') }, { weight: 1, arbitrary: fc.constant('Deny') });
const negatable = (name: string, value: fc.Arbitrary<unknown>, negatedWeight = 1): fc.Arbitrary<Record<string, unknown>> =>
  fc.oneof(
    { weight: 6, arbitrary: value.map((one) => ({ [name]: one })) },
    { weight: negatedWeight, arbitrary: value.map((one) => ({ [`Not${name}`]: one })) },
  );
const statement = (kind: 'identity' | 'resource' | 'trust'): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .tuple(
      effect,
      negatable(
        'Action',
        oneOrMore(kind === 'trust' ? fc.constantFrom('*', 'sts:*', 'sts:AssumeRole', 'sts:TagSession') : actionPattern),
      ),
      kind === 'trust' ? fc.constant({}) : negatable('Resource', oneOrMore(arnPattern), 2),
      kind === 'identity' ? fc.constant({}) : negatable('Principal', principalElement, 2),
      fc.oneof(
        { weight: 2, arbitrary: fc.constant({}) },
        { weight: 3, arbitrary: condition.map((Condition) => ({ Condition })) },
      ),
    )
    .map(([Effect, ...parts]) => Object.assign({ Effect }, ...parts) as Record<string, unknown>);
const document = (kind: 'identity' | 'resource' | 'trust'): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(
        {},
        { Version: '2008-10-17' },
        { Version: '2012-10-17' },
        { Version: '2012-10-17' },
        { Version: '2012-10-17' },
      ),
      fc.oneof(statement(kind), fc.array(statement(kind), { minLength: 1, maxLength: 3 })),
    )
    .map(([version, Statement]) => JSON.stringify({ ...version, Statement }));

const contextOf: Record<string, fc.Arbitrary<string[]>> = {
  'aws:username': fc.array(word, { minLength: 1, maxLength: 1 }),
  'aws:PrincipalTag/t': fc.array(word, { minLength: 1, maxLength: 1 }),
  's:set': fc.array(word, { maxLength: 3 }),
  's:n': fc.array(fc.oneof(numberText, fc.constant('x')), { maxLength: 2 }),
  's:when': fc.array(fc.oneof(dateText, fc.constant('x')), { maxLength: 2 }),
  's:ip': fc.array(fc.oneof(addressText, fc.constant('x')), { maxLength: 1 }),
  's:arn': fc.array(resource, { maxLength: 2 }),
  's:bool': fc.array(fc.constantFrom('true', 'false', 'TRUE', 'x'), { maxLength: 1 }),
  's:bin': fc.array(binaryText, { maxLength: 1 }),
};
const context: fc.Arbitrary<ContextValues> = fc
  .record(contextOf, { requiredKeys: [] })
  .chain((entries) =>
    fc
      .boolean()
      .map((upper) =>
        Object.fromEntries(Object.entries(entries).map(([name, values]) => [upper ? name.toUpperCase() : name, values!])),
      ),
  );

const principal: fc.Arbitrary<AuthorisationRequest['principal']> = fc.oneof(
  {
    weight: 1,
    arbitrary: account.map((accountId) => ({ kind: 'root' as const, accountId, arn: `arn:aws:iam::${accountId}:root` })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(account, fc.boolean())
      .map(([accountId, id]) => ({
        kind: 'user' as const,
        accountId,
        arn: `arn:aws:iam::${accountId}:user/a`,
        ...(id ? { uniqueId: 'AIDAAAAAAAAAAAAAAAAAA' } : {}),
      })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(account, fc.boolean())
      .map(([accountId, id]) => ({
        kind: 'assumed-role' as const,
        accountId,
        arn: `arn:aws:sts::${accountId}:assumed-role/a/s`,
        roleArn: `arn:aws:iam::${accountId}:role/p/a`,
        ...(id ? { uniqueId: 'AROAAAAAAAAAAAAAAAAAA' } : {}),
      })),
  },
  {
    weight: 1,
    arbitrary: account.map((accountId) => ({ kind: 'role' as const, accountId, arn: `arn:aws:iam::${accountId}:role/p/a` })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('s.amazonaws.com', 't.amazonaws.com')
      .map((arn) => ({ kind: 'service' as const, accountId: '', arn })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'anonymous' as const, accountId: '', arn: '' }) },
);

const maybe = (list: fc.Arbitrary<string[]>): fc.Arbitrary<string[] | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: list });
const ordinary = fc.record({
  trust: fc.constant(false),
  request: fc.record({ principal, action, resource, resourceAccountId: account, context }),
  policies: fc.record({
    identity: fc.array(document('identity'), { maxLength: 3 }),
    resource: maybe(fc.array(document('resource'), { maxLength: 1 })),
    boundary: maybe(fc.array(document('identity'), { maxLength: 1 })),
    session: maybe(fc.array(document('identity'), { maxLength: 2 })),
  }),
});
const assumption = fc.record({
  trust: fc.constant(true),
  request: fc.record({
    principal,
    action: fc.constant('sts:AssumeRole'),
    resource: fc.constant('arn:aws:iam::111111111111:role/p/a'),
    resourceAccountId: fc.constant('111111111111'),
    context,
    needsResourcePolicy: fc.constant(true),
  }),
  policies: fc.record({
    identity: fc.array(
      document('identity').map((text) => text.replaceAll('"s:', '"sts:')),
      { maxLength: 2 },
    ),
    resource: fc.array(document('trust'), { minLength: 1, maxLength: 1 }),
    boundary: maybe(fc.array(document('identity'), { maxLength: 1 })),
    session: maybe(fc.array(document('identity'), { maxLength: 1 })),
  }),
});

export interface RandomPair {
  /** The resource policy is a trust policy. */
  trust: boolean;
  request: AuthorisationRequest;
  policies: SlowPolicies;
}

export const randomPair: fc.Arbitrary<RandomPair> = fc.oneof(
  { weight: 6, arbitrary: ordinary },
  { weight: 1, arbitrary: assumption },
);

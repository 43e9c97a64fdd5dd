import { denialText, explain } from './denial-text.js';
import { evaluate } from './evaluate.js';
import { parsePolicy } from './parse-policy.js';
import type { AuthorisationRequest, Decision, PolicySet } from './decision.js';
import type { ParsedPolicy, PolicyKind } from './parsed-policy.js';

const HERE = '111111111111';
const THERE = '222222222222';
const FUNCTION = `arn:aws:lambda:us-east-1:${HERE}:function:fn`;
const alice: AuthorisationRequest['principal'] = {
  kind: 'user',
  accountId: HERE,
  arn: `arn:aws:iam::${HERE}:user/alice`,
  uniqueId: 'AIDAAAAAAAAAAAAAAAAAA',
};
const session: AuthorisationRequest['principal'] = {
  kind: 'assumed-role',
  accountId: HERE,
  arn: `arn:aws:sts::${HERE}:assumed-role/r/s`,
  roleArn: `arn:aws:iam::${HERE}:role/path/r`,
};
const root: AuthorisationRequest['principal'] = { kind: 'root', accountId: HERE, arn: `arn:aws:iam::${HERE}:root` };
const service: AuthorisationRequest['principal'] = { kind: 'service', accountId: '', arn: 's3.amazonaws.com' };

function policy(statement: object | object[], kind: PolicyKind = 'identity', name = 'p', version = '2012-10-17'): ParsedPolicy {
  const complete = (one: object) => ({
    Effect: 'Allow',
    ...('NotAction' in one ? {} : { Action: kind === 'trust' ? 'sts:AssumeRole' : '*' }),
    ...('NotResource' in one || kind === 'trust' ? {} : { Resource: '*' }),
    ...one,
  });
  return parsePolicy(JSON.stringify({ Version: version, Statement: [statement].flat().map(complete) }), { kind, name });
}
const onResource = (statement: object | object[]): ParsedPolicy[] => [policy(statement, 'resource', 'resource policy')];
const request = (change: Partial<AuthorisationRequest> = {}): AuthorisationRequest => ({
  principal: alice,
  action: 'lambda:InvokeFunction',
  resource: FUNCTION,
  resourceAccountId: HERE,
  context: {},
  ...change,
});
function decide(policies: Partial<PolicySet>, change: Partial<AuthorisationRequest> = {}): Decision {
  return evaluate(request(change), { identity: [], ...policies });
}
const ends = (policies: Partial<PolicySet>, change: Partial<AuthorisationRequest> = {}): string => {
  const decision = decide(policies, change);
  if (decision.effect === 'allowed') return 'allowed';
  return denialText(request(change), decision).split(`${change.resource ?? FUNCTION} `)[1]!;
};
const ALLOW = [policy({})];
const NOTHING = [policy({ Action: 'other:Thing' })];
const DENY = [policy({ Effect: 'Deny' })];

describe('the decision', () => {
  const no = (type: string, action = 'lambda:InvokeFunction') => `because no ${type} allows the ${action} action`;
  it.each<[string, Partial<PolicySet>, Partial<AuthorisationRequest>, string]>([
    ['nothing', {}, {}, no('identity-based policy')],
    ['an identity policy', { identity: ALLOW }, {}, 'allowed'],
    ['an explicit deny', { identity: [...ALLOW, ...DENY] }, {}, 'with an explicit deny in an identity-based policy'],
    [
      'a deny of the resource',
      { identity: ALLOW, resource: onResource({ Effect: 'Deny', Principal: '*' }) },
      {},
      'with an explicit deny in a resource-based policy',
    ],
    [
      'a deny of the boundary',
      { identity: ALLOW, boundary: [...ALLOW, ...DENY] },
      {},
      'with an explicit deny in a permissions boundary',
    ],
    [
      'a deny of the session',
      { identity: ALLOW, session: DENY },
      { principal: session },
      'with an explicit deny in a session policy',
    ],
    ['a boundary that does not allow', { identity: ALLOW, boundary: NOTHING }, {}, no('permissions boundary')],
    ['a boundary whose policy is gone', { identity: ALLOW, boundary: [] }, {}, no('permissions boundary')],
    ['a boundary alone', { boundary: ALLOW }, {}, no('identity-based policy')],
    ['a session policy that does not allow', { identity: ALLOW, session: NOTHING }, { principal: session }, no('session policy')],
    [
      'session policies of which one allows',
      { identity: ALLOW, session: [...NOTHING, ...ALLOW] },
      { principal: session },
      'allowed',
    ],
    [
      'a resource policy that names the user, against an implicit deny of all else',
      { boundary: NOTHING, resource: onResource({ Principal: { AWS: alice.arn } }) },
      {},
      'allowed',
    ],
    [
      "a resource policy with the user's unique id",
      { resource: onResource({ Principal: { AWS: 'AIDAAAAAAAAAAAAAAAAAA' } }) },
      {},
      'allowed',
    ],
    [
      'a resource policy that names the session',
      { boundary: NOTHING, session: NOTHING, resource: onResource({ Principal: { AWS: session.arn } }) },
      { principal: session },
      'allowed',
    ],
    [
      'a resource policy that names the role',
      { resource: onResource({ Principal: { AWS: session.roleArn } }) },
      { principal: session },
      'allowed',
    ],
    [
      'a resource policy that names the role, within a boundary',
      { boundary: NOTHING, resource: onResource({ Principal: { AWS: session.roleArn } }) },
      { principal: session },
      no('permissions boundary'),
    ],
    [
      'a resource policy that names the role, within a session policy',
      { session: NOTHING, resource: onResource({ Principal: { AWS: session.roleArn } }) },
      { principal: session },
      no('session policy'),
    ],
    [
      'a resource policy that names the own account',
      { resource: onResource({ Principal: { AWS: HERE } }) },
      {},
      no('identity-based policy'),
    ],
    ['the root of the account', {}, { principal: root }, 'allowed'],
    [
      'the root, denied by the resource',
      { resource: onResource({ Effect: 'Deny', Principal: { AWS: HERE } }) },
      { principal: root },
      'with an explicit deny in a resource-based policy',
    ],
    [
      'another account with an identity policy only',
      { identity: ALLOW },
      { resourceAccountId: THERE },
      no('resource-based policy'),
    ],
    [
      'another account with a resource policy only',
      { resource: onResource({ Principal: { AWS: alice.arn } }) },
      { resourceAccountId: THERE },
      no('identity-based policy'),
    ],
    [
      'another account with both',
      { identity: ALLOW, resource: onResource({ Principal: { AWS: HERE } }) },
      { resourceAccountId: THERE },
      'allowed',
    ],
    [
      'another account within a boundary',
      { identity: ALLOW, boundary: NOTHING, resource: onResource({ Principal: { AWS: alice.arn } }) },
      { resourceAccountId: THERE },
      no('permissions boundary'),
    ],
    ['the root in another account', {}, { principal: root, resourceAccountId: THERE }, no('resource-based policy')],
    [
      'the root that another account lets in',
      { resource: onResource({ Principal: { AWS: HERE } }) },
      { principal: root, resourceAccountId: THERE },
      'allowed',
    ],
    [
      'a service that the resource names',
      { resource: onResource({ Principal: { Service: 's3.amazonaws.com' } }) },
      { principal: service },
      'allowed',
    ],
    [
      'a service that the resource does not name',
      { identity: ALLOW, resource: onResource({ Principal: { Service: 'sns.amazonaws.com' } }) },
      { principal: service },
      no('resource-based policy'),
    ],
    [
      'anybody, where the resource is public',
      { resource: onResource({ Principal: '*' }) },
      { principal: { kind: 'anonymous', accountId: '', arn: '' } },
      'allowed',
    ],
    [
      'anybody, where an account is meant',
      { resource: onResource({ Principal: { AWS: HERE } }) },
      { principal: { kind: 'anonymous', accountId: '', arn: '' } },
      no('resource-based policy'),
    ],
  ])('with %s', (_name, policies, change, expected) => {
    expect(ends(policies, change)).toBe(expected);
  });

  it('at AssumeRole needs the trust policy, which suffices when it names the caller', () => {
    const assume = { action: 'sts:AssumeRole', resource: session.roleArn!, needsResourcePolicy: true };
    const trust = (Principal: unknown): Partial<PolicySet> => ({ resource: [policy({ Principal }, 'trust')] });
    expect(ends({ identity: ALLOW, ...trust({ Service: 'lambda.amazonaws.com' }) }, assume)).toBe(
      'because no role trust policy allows the sts:AssumeRole action',
    );
    expect(ends(trust({ AWS: HERE }), assume)).toBe('because no identity-based policy allows the sts:AssumeRole action');
    expect(ends({ identity: ALLOW, ...trust({ AWS: HERE }) }, assume)).toBe('allowed');
    expect(ends(trust({ AWS: alice.arn }), assume)).toBe('allowed');
    expect(
      ends({ resource: [policy([{ Principal: '*' }, { Principal: { AWS: HERE }, Effect: 'Deny' }], 'trust')] }, assume),
    ).toBe('with an explicit deny in the role trust policy');
  });

  it('lets NotPrincipal of a Deny spare only who is listed with his account', () => {
    const denied = (AWS: string[], principal = alice) =>
      decide({ identity: ALLOW, resource: onResource({ Effect: 'Deny', NotPrincipal: { AWS } }) }, { principal }).effect;
    expect(denied([alice.arn])).toBe('explicitDeny');
    expect(denied([alice.arn, HERE])).toBe('allowed');
    expect(denied([HERE])).toBe('explicitDeny');
    expect(denied([session.arn, session.roleArn!, HERE], session)).toBe('allowed');
    expect(denied([session.roleArn!, HERE], session)).toBe('explicitDeny');
  });
});

describe('actions and resources', () => {
  const allows = (statement: object, change: Partial<AuthorisationRequest> = {}, version?: string) =>
    decide({ identity: [policy(statement, 'identity', 'p', version)] }, change).effect === 'allowed';

  it('compare actions without regard to case', () => {
    expect(allows({ Action: 'LAMBDA:invoke*' })).toBe(true);
    expect(allows({ Action: 'lambda:Invoke' })).toBe(false);
    expect(allows({ NotAction: ['iam:*', 's3:*'] })).toBe(true);
    expect(allows({ NotAction: 'lambda:Invoke*' })).toBe(false);
  });

  // spec/iam-and-sts.md 3.2
  it.each([
    [FUNCTION, [true, false, false]],
    [`${FUNCTION}:*`, [false, true, false]],
    [`${FUNCTION}*`, [true, true, true]],
    [`${FUNCTION}:prod`, [false, true, false]],
    ['arn:aws:lambda', [true, true, true]],
    [`arn:aws:lambda:*:${HERE}:function:f?`, [true, false, false]],
    ['arn:aws:l*:fn', [false, false, false]],
  ])('%s matches the function, its alias and another function: %s', (Resource, expected) => {
    expect([FUNCTION, `${FUNCTION}:prod`, `${FUNCTION}2`].map((resource) => allows({ Resource }, { resource }))).toEqual(
      expected,
    );
  });

  it('are matched by * only where an operation has no resource', () => {
    expect(allows({ Resource: '*' }, { resource: '*' })).toBe(true);
    expect(allows({ Resource: 'arn:*:*:*:*:*' }, { resource: '*' })).toBe(false);
  });

  it('may hold variables, in version 2012-10-17', () => {
    const Resource = `arn:aws:lambda:us-east-1:${HERE}:function:\${aws:username}`;
    expect(allows({ Resource }, { context: { 'AWS:UserName': ['fn'] } })).toBe(true);
    expect(allows({ Resource }, { context: { 'aws:username': ['other'] } })).toBe(false);
    expect(allows({ Resource }, { context: { 'aws:username': ['*'] } })).toBe(false);
    expect(allows({ Resource })).toBe(false);
    expect(allows({ NotResource: Resource })).toBe(false);
    expect(allows({ Resource }, { context: { 'aws:username': ['fn', 'x'] } })).toBe(false);
    expect(allows({ Resource: Resource.replace('}', ", 'fn'}") })).toBe(true);
    expect(allows({ Resource }, { context: { 'aws:username': ['fn'] } }, '2008-10-17')).toBe(false);
    expect(allows({ Resource }, { resource: Resource }, '2008-10-17')).toBe(true);
    expect(allows({ Resource: `${FUNCTION}\${*}` }, { resource: `${FUNCTION}*` })).toBe(true);
    expect(allows({ Resource: `${FUNCTION}\${*}` }, { resource: `${FUNCTION}x` })).toBe(false);
  });
});

describe('conditions', () => {
  const holds = (Condition: object, context: Record<string, string[]> = {}) =>
    decide({ identity: [policy({ Condition })] }, { context }).effect === 'allowed';
  it.each<[object, Record<string, string[]>, boolean]>([
    [{ StringEquals: { 'aws:x': ['a', 'b'] } }, { 'aws:X': ['b'] }, true],
    [{ StringEquals: { 'aws:x': 'a*' } }, { 'aws:x': ['ab'] }, false],
    [{ StringLike: { 'aws:x': 'a*c?' } }, { 'aws:x': ['abbcd'] }, true],
    [{ StringNotEquals: { 'aws:x': ['a', 'b'] } }, { 'aws:x': ['b'] }, false],
    [{ StringNotEquals: { 'aws:x': 'a' } }, {}, true],
    [{ StringEquals: { 'aws:x': 'a' } }, {}, false],
    [{ StringEqualsIfExists: { 'aws:x': 'a' } }, {}, true],
    [{ StringEqualsIfExists: { 'aws:x': 'a' } }, { 'aws:x': ['b'] }, false],
    [{ StringEqualsIgnoreCase: { 'aws:x': 'AbC' } }, { 'aws:x': ['aBc'] }, true],
    [{ StringEquals: { 'aws:x': '${aws:y}' } }, { 'aws:x': ['v'], 'aws:y': ['v'] }, true],
    [{ StringNotEquals: { 'aws:x': '${aws:y}' } }, { 'aws:x': ['v'] }, false],
    [{ 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } }, { 'aws:TagKeys': ['a', 'b'] }, true],
    [{ 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } }, { 'aws:TagKeys': ['a', 'c'] }, false],
    [{ 'ForAllValues:StringEquals': { 'aws:TagKeys': 'a' } }, {}, true],
    [{ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'a' } }, { 'aws:TagKeys': ['c', 'a'] }, true],
    [{ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'a' } }, {}, false],
    [{ 'ForAnyValue:StringNotEquals': { 'aws:TagKeys': 'a' } }, { 'aws:TagKeys': ['a', 'b'] }, true],
    [{ NumericLessThanEquals: { 'aws:MultiFactorAuthAge': 10 } }, { 'aws:MultiFactorAuthAge': ['10.0'] }, true],
    [{ NumericGreaterThan: { 'aws:n': '9' } }, { 'aws:n': ['10'] }, true],
    [{ DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } }, { 'aws:CurrentTime': ['2029-12-31T23:59:59Z'] }, true],
    [{ DateGreaterThan: { 'aws:EpochTime': '1000' } }, { 'aws:EpochTime': ['1001'] }, true],
    [{ DateEquals: { 'aws:d': '2026-01-01T02:00:00+02:00' } }, { 'aws:d': ['1767225600'] }, true],
    [{ DateEquals: { 'aws:d': '2026-01-01T00:00:00' } }, { 'aws:d': ['1767225600'] }, true],
    [{ Bool: { 'aws:SecureTransport': 'TRUE' } }, { 'aws:SecureTransport': ['true'] }, true],
    [{ BinaryEquals: { 'aws:b': 'YWI=' } }, { 'aws:b': ['YWI='] }, true],
    [{ IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', 'fd00::/8'] } }, { 'aws:SourceIp': ['fd12::1'] }, true],
    [{ NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, { 'aws:SourceIp': ['10.9.9.9'] }, false],
    [{ ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::bucket*' } }, { 'aws:SourceArn': ['arn:aws:s3:::bucket-1'] }, true],
    [{ ArnEquals: { 'aws:SourceArn': 'arn:aws:*:bucket' } }, { 'aws:SourceArn': ['arn:aws:s3:::bucket'] }, false],
    [{ ArnNotLike: { 'aws:SourceArn': 'arn:aws:s3:::b' } }, {}, true],
    [{ Null: { 'aws:x': 'true' } }, {}, true],
    [{ Null: { 'aws:x': false } }, { 'aws:x': ['1'] }, true],
    [
      { StringEquals: { 'aws:x': 'a', 'aws:y': 'b' }, Bool: { 'aws:z': true } },
      { 'aws:x': ['a'], 'aws:y': ['b'], 'aws:z': ['true'] },
      true,
    ],
    [{ StringEquals: { 'aws:x': 'a', 'aws:y': 'b' } }, { 'aws:x': ['a'] }, false],
  ])('%j of %j: %s', (condition, context, expected) => {
    expect(holds(condition, context)).toBe(expected);
  });
});

it('tells the caller the type of policy, and the operator which statement and what kept the others from matching', () => {
  const policies: PolicySet = {
    identity: [
      policy(
        [
          { Sid: 'Mine', Condition: { StringEquals: { 'aws:PrincipalTag/team': 'x' } } },
          { Resource: `${FUNCTION}2` },
          { Action: 's3:*' },
        ],
        'identity',
        'developers',
      ),
      policy({ Effect: 'Deny', Sid: 'NoInvoke', Action: 'lambda:Invoke*' }, 'identity', 'arn:aws:iam::aws:policy/Deny'),
    ],
    boundary: [policy({ Action: 's3:*' }, 'identity', 'limits')],
  };
  const decision = evaluate(request(), policies);
  expect(denialText(request(), decision)).toBe(
    `User: ${alice.arn} is not authorized to perform: lambda:InvokeFunction on resource: ${FUNCTION} with an explicit deny in an identity-based policy`,
  );
  expect(decision.missingContext).toEqual(['aws:principaltag/team']);
  expect(explain(request(), policies, decision).split('\n')).toEqual([
    `explicitDeny: ${alice.arn} lambda:InvokeFunction on ${FUNCTION}: with an explicit deny in an identity-based policy`,
    'Identity policies:',
    '  developers:',
    '    statement 1 (Mine) Allow: does not match: condition StringEquals aws:PrincipalTag/team is false',
    '    statement 2 Allow: does not match: another resource',
    '  arn:aws:iam::aws:policy/Deny:',
    '    statement 1 (NoInvoke) Deny: matches',
    'Permissions boundary:',
    '  limits: no statement about this action',
    'Condition keys that the request does not have: aws:principaltag/team',
  ]);
});

import type { ServiceError } from '@hearth/kernel';
import { parsePolicy } from './parse-policy.js';
import type { PolicyKind } from './parsed-policy.js';

const ALLOW = { Effect: 'Allow', Action: 'lambda:*', Resource: '*' };
const identity = (statement: object, rest: object = { Version: '2012-10-17' }): string =>
  JSON.stringify({ ...rest, Statement: statement });

function refusal(document: string, kind: PolicyKind = 'identity'): string {
  try {
    parsePolicy(document, { kind, name: 'p' });
  } catch (error) {
    expect(error).toMatchObject({ code: 'MalformedPolicyDocument', status: 400 });
    return (error as ServiceError).message;
  }
  return 'accepted';
}

it.each<[string, string, PolicyKind?]>([
  ['one statement without a list', identity(ALLOW)],
  ['no version and the old version', identity([ALLOW], {})],
  ['an id, statement ids and single values', identity({ ...ALLOW, Sid: 'a1' }, { Version: '2008-10-17', Id: 'x' })],
  ['wildcards in names, and everything', identity([{ ...ALLOW, Action: ['*', '*:*', 's3:Get?bject*'] }])],
  [
    'booleans and numbers as condition values',
    identity({
      ...ALLOW,
      Condition: {
        Bool: { 'aws:SecureTransport': true },
        NumericLessThan: { 's3:max-keys': 10 },
        Null: { 'aws:username': false },
      },
    }),
  ],
  [
    'every kind of principal',
    identity({
      ...ALLOW,
      Principal: {
        AWS: [
          '*',
          '111111111111',
          'arn:aws:iam::111111111111:role/a/b',
          'arn:aws:sts::111111111111:assumed-role/r/s',
          'AROAAAAAAAAAAAAAAAAAA',
        ],
        Service: 'lambda.amazonaws.com',
        Federated: 'x',
      },
    }),
    'resource',
  ],
  ["Lambda's statement ids", identity({ ...ALLOW, Sid: 'a-b_c', Principal: '*' }), 'resource'],
  [
    'a trust policy',
    identity({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: ['sts:AssumeRole', 'sts:TagSession'] }),
    'trust',
  ],
])('accepts %s', (...[, document, kind]) => {
  expect(refusal(document, kind)).toBe('accepted');
});

it.each<[string, string, string, PolicyKind?]>([
  ['no JSON', '{', 'This policy contains invalid Json'],
  [
    'a member given twice',
    '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}',
    'This policy contains invalid Json',
  ],
  ['a list', '[]', 'Syntax errors in policy.'],
  ['an unknown version', identity(ALLOW, { Version: '2012-10-18' }), 'Policy document must be version 2012-10-17 or greater.'],
  ['no statement', '{"Version":"2012-10-17"}', 'Syntax errors in policy. Missing required field Statement'],
  ['an unknown member', identity({ ...ALLOW, Actions: 'x' }), 'Syntax errors in policy. Unknown field Actions'],
  ['an unknown member of the document', identity(ALLOW, { Foo: 1 }), 'Syntax errors in policy. Unknown field Foo'],
  ['no effect', identity({ ...ALLOW, Effect: undefined }), 'Syntax errors in policy. Missing required field Effect'],
  ['another effect', identity({ ...ALLOW, Effect: 'allow' }), 'Syntax errors in policy. Invalid effect: allow'],
  ['no action', identity({ ...ALLOW, Action: [] }), 'Policy statement must contain actions.'],
  [
    'an action without a service',
    identity({ ...ALLOW, Action: 'Invoke*' }),
    'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
  ],
  ['an action with two colons', identity({ ...ALLOW, Action: 'a:b:c' }), 'Actions/Condition can contain only one colon.'],
  ['a service with a wildcard', identity({ ...ALLOW, Action: 'lam*:Invoke' }), 'Vendor lam* is not valid'],
  [
    'Action with NotAction',
    identity({ ...ALLOW, NotAction: 'a:b' }),
    'Syntax errors in policy. Action and NotAction exclude each other',
  ],
  ['no resource', identity({ ...ALLOW, Resource: undefined }), 'Policy statement must contain resources.'],
  [
    'a resource that is no ARN',
    identity({ ...ALLOW, Resource: 'function:x' }),
    'Resource function:x must be in ARN format or "*".',
  ],
  [
    'a principal in an identity policy',
    identity({ ...ALLOW, Principal: '*' }),
    'Policy document should not specify a principal.',
  ],
  ['no principal in a resource policy', identity(ALLOW), 'Missing required field Principal', 'resource'],
  [
    'a principal with a wildcard',
    identity({ ...ALLOW, Principal: { AWS: 'arn:aws:iam::111111111111:user/*' } }),
    'Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:user/*"',
    'resource',
  ],
  [
    'a resource in a trust policy',
    identity({ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole', Resource: '*' }),
    'Has prohibited field Resource',
    'trust',
  ],
  [
    'another action in a trust policy',
    identity({ Effect: 'Allow', Principal: '*', Action: 'iam:*' }),
    'AssumeRole policy may only specify STS AssumeRole actions.',
    'trust',
  ],
  [
    'a statement id twice',
    identity([
      { ...ALLOW, Sid: 'a' },
      { ...ALLOW, Sid: 'a' },
    ]),
    'Statement IDs (SID) in a single policy must be unique.',
  ],
  [
    'a statement id with a dash',
    identity({ ...ALLOW, Sid: 'a-b' }),
    'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
  ],
  [
    'an unknown operator',
    identity({ ...ALLOW, Condition: { StringMatches: { 'a:b': 'c' } } }),
    'Syntax errors in policy. Invalid condition operator StringMatches',
  ],
  [
    'Null with IfExists',
    identity({ ...ALLOW, Condition: { NullIfExists: { 'a:b': 'true' } } }),
    'Syntax errors in policy. Invalid condition operator NullIfExists',
  ],
  [
    'a key in two spellings',
    identity({ ...ALLOW, Condition: { StringEquals: { 'a:b': 'c', 'A:B': 'd' } } }),
    'Syntax errors in policy. StringEquals names a key twice',
  ],
  [
    'an address that is none',
    identity({ ...ALLOW, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } }),
    'Syntax errors in policy. Invalid value of aws:SourceIp for IpAddress: 10.0.0.0/33',
  ],
  [
    'a date that is none',
    identity({ ...ALLOW, Condition: { DateLessThan: { 'aws:CurrentTime': 'tomorrow' } } }),
    'Syntax errors in policy. Invalid value of aws:CurrentTime for DateLessThan: tomorrow',
  ],
])('refuses %s', (...[, document, message, kind]) => {
  expect(refusal(document, kind)).toBe(message);
});

import { evaluate } from './evaluate.js';
import { parsePolicy } from './parse-policy.js';
import type { AuthorisationRequest, PolicySet } from './decision.js';
import { parseTemplate } from './template.js';
import { Wildcard, type Meter } from './wildcard.js';

/*
 * The cost of wildcards in counted steps: time on a busy machine says nothing. HEARTH_MEASURE=1 prints times as well, for
 * docs and for the curious.
 */

const ACCOUNT = '111111111111';
/** The longest ARN of an operation's model (RoleArn, PolicySourceArn). */
const MAX_ARN_LENGTH = 2_048;
const MANAGED = 6_144;
const ARN_HEAD = `arn:aws:lambda:us-east-1:${ACCOUNT}:`;

function steps(pattern: string, text: string): number {
  const meter: Meter = { steps: 0 };
  new Wildcard(
    parseTemplate(pattern, { variables: false, wildcards: true }) as ConstructorParameters<typeof Wildcard>[0],
  ).matches(text, meter);
  return meter.steps;
}

it.each([
  ['stars between single letters', '*a'.repeat(1000) + '*b'],
  ['stars between runs', '*aaaaaaab'.repeat(100) + '*'],
  ['a long piece that fails at its end', `*${'a'.repeat(900)}b*`],
  ['question marks', `*${'?a'.repeat(400)}b*`],
  ['question marks between stars', '*?'.repeat(1000) + 'b'],
])('%s cost time linear in the text', (_name, pattern) => {
  const [half, whole] = [steps(pattern, 'a'.repeat(5_000)), steps(pattern, 'a'.repeat(10_000))];
  expect(whole).toBeLessThanOrEqual(2.2 * half + 100);
  // One step a character, and for a piece with question marks one for each 32 characters of it.
  expect(whole).toBeLessThanOrEqual((10_000 + pattern.length) * Math.ceil(pattern.length / 32));
});

/** As many different values as fit into a managed policy of legal size. */
function managedPolicy(
  name: string,
  value: (index: number) => string,
  statement: (values: string[]) => object,
): ReturnType<typeof parsePolicy> {
  const values: string[] = [];
  const document = (list: string[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statement(list) });
  let size = document([]).length;
  while ((size += value(values.length).length + 3) < MANAGED) values.push(value(values.length));
  return parsePolicy(document(values), { kind: 'identity', name });
}

/** Different texts over `a` and `b`, which defeats filters on the characters or on equal patterns. */
const letters = (index: number, length: number): string =>
  index.toString(2).padStart(length, '0').slice(-length).replaceAll('0', 'a').replaceAll('1', 'b');

const HOSTILE: [name: string, policy: (index: number) => ReturnType<typeof parsePolicy>][] = [
  [
    'short pieces',
    (n) =>
      managedPolicy(
        `m${n}`,
        (i) => `${ARN_HEAD}*${letters(i * 31 + n, 11)}*`,
        (Resource) => ({ Effect: 'Deny', Action: '*', Resource }),
      ),
  ],
  [
    'short ARNs',
    (n) =>
      managedPolicy(
        `m${n}`,
        (i) => `arn:*:*:*:*:*${letters(i * 31 + n, 11)}*`,
        (Resource) => ({ Effect: 'Deny', Action: '*', Resource }),
      ),
  ],
  [
    'pieces with question marks',
    (n) =>
      managedPolicy(
        `m${n}`,
        (i) => `arn:*:*:*:*:*${letters(i * 31 + n, 8)}?b?*`,
        (Resource) => ({ Effect: 'Deny', Action: '*', Resource }),
      ),
  ],
  [
    'long pieces with question marks',
    (n) =>
      managedPolicy(
        `m${n}`,
        (i) => `arn:*:*:*:*:*${letters(i * 31 + n, 600)}${'?a'.repeat(150)}bbb*`,
        (Resource) => ({ Effect: 'Deny', Action: '*', Resource }),
      ),
  ],
  [
    'conditions',
    (n) =>
      managedPolicy(
        `m${n}`,
        (i) => `*${letters(i * 31 + n, 11)}*`,
        (values) => ({ Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringLike: { 'aws:UserAgent': values } } }),
      ),
  ],
  [
    'variables',
    (n) =>
      managedPolicy(
        `m${n}`,
        (i) => `*${letters(i * 31 + n, 8)}\${aws:userid}*`,
        (values) => ({ Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringLike: { 'aws:UserAgent': values } } }),
      ),
  ],
  [
    'actions',
    (n) =>
      managedPolicy(
        `m${n}`,
        (i) => `lambda:*${letters(i * 31 + n, 11)}*`,
        (Action) => ({ Effect: 'Deny', Action, Resource: '*' }),
      ),
  ],
  [
    'many statements',
    (n) =>
      managedPolicy(
        `m${n}`,
        (i) => 'x'.repeat(90) + i,
        (values) => values.map((_, i) => ({ Effect: 'Deny', Action: `*`, Resource: `arn:*:*:*:*:*${letters(i * 31 + n, 11)}*` })),
      ),
  ],
];

/** A role with all that may hang on it: 10 managed policies, an inline policy of 10,240 as two, a boundary and a session policy. */
const POLICIES_OF_A_ROLE = 14;

function request(resourceLength: number): AuthorisationRequest {
  const rest = `function:${'ab'.repeat(MAX_ARN_LENGTH)}`;
  return {
    principal: {
      kind: 'assumed-role',
      accountId: ACCOUNT,
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/s`,
      roleArn: `arn:aws:iam::${ACCOUNT}:role/r`,
    },
    action: 'lambda:InvokeFunctionbaababababbab',
    resource: (ARN_HEAD + rest).slice(0, resourceLength),
    resourceAccountId: ACCOUNT,
    context: { 'aws:UserAgent': ['ab'.repeat(resourceLength / 2)], 'aws:userid': ['AROAAAAAAAAAAAAAAAAAA:s'] },
  };
}

describe.each(HOSTILE)('the largest legal policies, full of %s', (name, policy) => {
  const policies: PolicySet = {
    identity: Array.from({ length: POLICIES_OF_A_ROLE - 2 }, (_, index) => policy(index)),
    boundary: [policy(100)],
    session: [policy(101)],
  };

  it('cost at most 8 million steps for the longest ARN, half a million for a function', () => {
    for (const [length, most] of [
      [MAX_ARN_LENGTH, 8_000_000],
      [128, 500_000],
    ] as const) {
      const meter: Meter = { steps: 0 };
      evaluate(request(length), policies, meter);
      expect(meter.steps).toBeLessThan(most);
      if (process.env['HEARTH_MEASURE'] !== undefined) report(name, length, meter.steps, policies);
    }
  });
});

function report(name: string, length: number, counted: number, policies: PolicySet): void {
  const times = Array.from({ length: 60 }, () => {
    const from = performance.now();
    evaluate(request(length), policies);
    return performance.now() - from;
  });
  times.sort((a, b) => a - b);
  process.stderr.write(
    `${name}, ARN of ${length}: ${counted} steps, first quartile ${times[15]!.toFixed(2)} ms, p50 ${times[30]!.toFixed(2)} ms, max ${times.at(-1)!.toFixed(2)} ms\n`,
  );
}

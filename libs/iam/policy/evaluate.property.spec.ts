import fc from 'fast-check';
import type { Decision, PolicySet, PolicyType } from './decision.js';
import { evaluate } from './evaluate.js';
import { parsePolicy } from './parse-policy.js';
import type { PolicyKind } from './parsed-policy.js';
import { randomPair, type RandomPair } from './testing/random-pairs.js';
import { decideSlowly, type SlowDecision, type SlowPolicies } from './testing/slow-evaluator.js';

/** `HEARTH_CAMPAIGN=1000000` compares that many pairs, `HEARTH_SEED` repeats a run. */
const PAIRS = Number(process.env['HEARTH_CAMPAIGN'] ?? 20_000);
const SEED = Number(
  process.env['HEARTH_SEED'] ?? (process.env['HEARTH_CAMPAIGN'] === undefined ? 20_261_125 : Date.now() % 2 ** 31),
);

function parsed({ identity, resource, boundary, session }: SlowPolicies, trust: boolean): PolicySet {
  const all = (texts: string[], kind: PolicyKind) => texts.map((text, index) => parsePolicy(text, { kind, name: String(index) }));
  return {
    identity: all(identity, 'identity'),
    ...(resource === undefined ? {} : { resource: all(resource, trust ? 'trust' : 'resource') }),
    ...(boundary === undefined ? {} : { boundary: all(boundary, 'identity') }),
    ...(session === undefined ? {} : { session: all(session, 'identity') }),
  };
}

function asSlow({ effect, reason, matched, missingContext }: Decision): SlowDecision {
  const culprit: PolicyType | undefined = reason.kind === 'allowed' ? undefined : reason.type;
  return {
    effect,
    culprit,
    matched: matched.map(({ type, policy, statement }) => `${type}/${policy.name}/${statement.index}`),
    missing: [...missingContext],
  };
}

it(
  `decides ${PAIRS} random pairs as an independent evaluator does (seed ${SEED})`,
  () => {
    const seen = new Map<string, number>();
    const compare = ({ request, policies, trust }: RandomPair): void => {
      const fast = asSlow(evaluate(request, parsed(policies, trust)));
      expect(fast).toEqual(decideSlowly(request, policies));
      const outcome = `${fast.effect}/${fast.culprit ?? ''}`;
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    };
    fc.assert(fc.property(randomPair, compare), { numRuns: PAIRS, seed: SEED, ignoreEqualValues: false });
    console.info(Object.fromEntries([...seen].sort()));
    // Agreement says little when everything is decided in one way.
    for (const outcome of [
      'allowed/',
      'explicitDeny/identity',
      'explicitDeny/resource',
      'implicitDeny/identity',
      'implicitDeny/resource',
      'implicitDeny/boundary',
      'implicitDeny/session',
    ]) {
      expect(seen.get(outcome) ?? 0).toBeGreaterThan(PAIRS / 200);
    }
  },
  Math.max(120_000, PAIRS * 10),
);

import { setImmediate } from 'node:timers/promises';
import {
  evaluate,
  parsePolicy,
  statementSpans,
  type ContextValues,
  type Decision,
  type ParsedPolicy,
  type PolicySet,
  type Principal,
  type SourceSpan,
  type Statement,
} from '../policy/index.js';

/** A question to the evaluator about calls that nobody makes. */
export interface Simulation {
  /** Missing: nobody in particular, in whatever account owns the resource. */
  principal?: Principal;
  policies: PolicySet;
  context: ContextValues;
  /** Missing when the request names no resource; then everything is meant. */
  resourceArns?: readonly string[];
  /** Owner of resources whose ARN does not say. */
  resourceAccountId: string;
}

type EvalDecision = Decision['effect'];

interface StatementAnswer {
  SourcePolicyId: string;
  SourcePolicyType: string;
  StartPosition: SourceSpan['start'];
  EndPosition: SourceSpan['end'];
}

interface Outcome {
  decision: EvalDecision;
  matched: StatementAnswer[];
  missing: string[];
  allowedByBoundary?: boolean;
  /** Calls across accounts only: what each side says. */
  sides?: Record<string, EvalDecision>;
}

const STRICTNESS: readonly EvalDecision[] = ['allowed', 'implicitDeny', 'explicitDeny'];

/** One EvaluationResult: what the strictest of the resources decides, and with them by name each one's own (service model of IAM). */
export async function simulateAction(action: string, simulation: Simulation): Promise<Record<string, unknown>> {
  const { resourceArns } = simulation;
  const outcomes: (Outcome & { resource: string })[] = [];
  for (const resource of resourceArns ?? ['*']) {
    outcomes.push({ resource, ...simulateOn(action, resource, simulation) });
    // Large policies times many resources must not hold up the calls of others.
    await setImmediate();
  }
  const decision = strictest(outcomes.map((outcome) => outcome.decision));
  const boundaries = outcomes.flatMap(({ allowedByBoundary }) => (allowedByBoundary === undefined ? [] : [allowedByBoundary]));
  const matched = outcomes.filter((outcome) => outcome.decision === decision).flatMap((outcome) => outcome.matched);
  return {
    EvalActionName: action,
    // The template of the action's resource, not one of those that were asked about; Hearth keeps no templates.
    EvalResourceName: '*',
    EvalDecision: decision,
    MatchedStatements: unique(matched, (statement) => JSON.stringify(statement)),
    MissingContextValues: unique(
      outcomes.flatMap(({ missing }) => missing),
      (key) => key.toLowerCase(),
    ),
    ...boundaryDetail(boundaries.length === 0 ? undefined : boundaries.every(Boolean)),
    ...(resourceArns === undefined
      ? {}
      : {
          EvalDecisionDetails: strictestSides(outcomes.flatMap(({ sides }) => (sides === undefined ? [] : [sides]))),
          ResourceSpecificResults: outcomes.map(
            ({ resource, decision: own, matched: statements, missing, allowedByBoundary, sides }) => ({
              EvalResourceName: resource,
              EvalResourceDecision: own,
              MatchedStatements: statements,
              MissingContextValues: missing,
              ...(sides === undefined ? {} : { EvalDecisionDetails: sides }),
              ...boundaryDetail(allowedByBoundary),
            }),
          ),
        }),
  };
}

function simulateOn(action: string, resource: string, { principal, policies, context, resourceAccountId }: Simulation): Outcome {
  const owner = ownerOf(resource) ?? resourceAccountId;
  const caller = principal ?? { kind: 'user', arn: `arn:aws:iam::${owner}:user/simulated`, accountId: owner };
  const request = { principal: caller, action, resource, resourceAccountId: owner, context };
  const decision = evaluate(request, policies);
  const alone = (set: PolicySet, needsResourcePolicy = false): EvalDecision =>
    evaluate({ ...request, resourceAccountId: caller.accountId, needsResourcePolicy }, set).effect;
  const { boundary, resource: resourcePolicies, ...identitySide } = policies;
  return {
    decision: decision.effect,
    matched: decisive(decision),
    missing: spelledAsInPolicies(decision.missingContext, policies),
    ...(boundary === undefined ? {} : { allowedByBoundary: alone({ identity: boundary }) === 'allowed' }),
    ...(owner === caller.accountId
      ? {}
      : {
          sides: {
            'IAM Policy': alone({ ...identitySide, ...(boundary === undefined ? {} : { boundary }) }),
            'Resource Policy': alone({ identity: [EVERYTHING], resource: resourcePolicies ?? [] }, true),
          },
        }),
  };
}

/** Stands for the other side when one side is asked alone. */
const EVERYTHING = parsePolicy(JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }), {
  kind: 'identity',
  name: 'everything',
});

/** The statements that brought the decision about; none does when nothing allows. Those of boundaries are not told here. */
function decisive({ effect, matched }: Decision): StatementAnswer[] {
  const wanted = { allowed: 'Allow', explicitDeny: 'Deny', implicitDeny: undefined }[effect];
  return matched
    .filter(({ type, statement }) => statement.effect === wanted && (type === 'identity' || type === 'resource'))
    .map(({ policy, statement }) => statementAnswer(policy, statement));
}

const spansOf = new WeakMap<ParsedPolicy, SourceSpan[]>();

/** `IAM Policy` is what AWS answers for policies of identities, whatever the model's enumeration says. */
function statementAnswer(policy: ParsedPolicy, { index }: Statement): StatementAnswer {
  let spans = spansOf.get(policy);
  if (spans === undefined) spansOf.set(policy, (spans = statementSpans(policy.document)));
  const { start, end } = spans[index]!;
  return {
    SourcePolicyId: policy.name,
    SourcePolicyType: policy.kind === 'resource' ? 'resource' : 'IAM Policy',
    StartPosition: start,
    EndPosition: end,
  };
}

/** The evaluator knows keys in lower case only; who reads the answer looks for them as they stand in the policy. */
function spelledAsInPolicies(keys: readonly string[], { identity, resource = [], boundary = [] }: PolicySet): string[] {
  if (keys.length === 0) return [];
  const spellings = new Map<string, string>();
  for (const policy of [...identity, ...resource, ...boundary]) {
    for (const { conditions } of policy.statements) for (const { key } of conditions) spellings.set(key.toLowerCase(), key);
    for (const [, key] of policy.document.matchAll(VARIABLE)) spellings.set(key!.toLowerCase(), key!);
  }
  return keys.map((key) => spellings.get(key) ?? key);
}

const VARIABLE = /\$\{\s*([^},'"\s]+)/g;

function ownerOf(resource: string): string | undefined {
  const account = resource.split(':', 5)[4];
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

function strictest(decisions: readonly EvalDecision[]): EvalDecision {
  return STRICTNESS[Math.max(...decisions.map((decision) => STRICTNESS.indexOf(decision)))]!;
}

function strictestSides(all: readonly Record<string, EvalDecision>[]): Record<string, EvalDecision> {
  const names = unique(
    all.flatMap((sides) => Object.keys(sides)),
    (name) => name,
  );
  return Object.fromEntries(names.map((name) => [name, strictest(all.map((sides) => sides[name]!))]));
}

function boundaryDetail(allowed: boolean | undefined): Record<string, unknown> {
  return allowed === undefined ? {} : { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: allowed } };
}

function unique<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}

import type { OperationHandler } from '@hearth/aws-wire';
import { PrincipalPolicyStore, type PolicySource } from '../store/principal-policies.js';
import type { ParsedPolicy, PolicySet } from '../policy/index.js';
import { invalidInput, noSuchEntity, unsupportedMember } from './errors.js';
import { pageAnswer, pageRequest } from './paging.js';
import type { IamParts } from './parts.js';
import { simulateAction, type Simulation } from './simulation.js';
import { checkExclusions, excludesBoundary, isExcluded, type PolicyIdentifier } from './simulation-exclusions.js';
import {
  checkSimulation,
  contextValues,
  givenPolicies,
  givenPolicy,
  ownerAccountId,
  simulatedPrincipal,
  type SimulationInput,
} from './simulation-input.js';

interface CustomInput extends SimulationInput {
  PolicyInputList: string[];
  OrderedOrganizationPolicyInputList?: unknown[];
}

interface PrincipalInput extends SimulationInput {
  PolicySourceArn: string;
  PolicyExclusionList?: PolicyIdentifier[];
}

/** Answers from the evaluator that decides real calls. Condition keys are those of ContextEntries and no others. */
export function simulationOperations({ database }: IamParts): Record<string, OperationHandler> {
  const principals = new PrincipalPolicyStore(database);
  return {
    SimulateCustomPolicy: async (input: CustomInput, { accountId }) => {
      checkSimulation('SimulateCustomPolicy', input);
      if (input.OrderedOrganizationPolicyInputList !== undefined)
        throw unsupportedMember('SimulateCustomPolicy', 'OrderedOrganizationPolicyInputList');
      if (input.ResourcePolicy !== undefined && input.CallerArn === undefined)
        throw invalidInput('CallerArn is required when a ResourcePolicy is given.');
      const policies = {
        identity: givenPolicies('PolicyInputList', input.PolicyInputList),
        ...givenBoundary(input),
        ...givenResourcePolicy(input),
      };
      return answer(input, simulation(input, policies, input.CallerArn, accountId));
    },

    SimulatePrincipalPolicy: async (input: PrincipalInput, { accountId }) => {
      checkSimulation('SimulatePrincipalPolicy', input);
      const exclusions = input.PolicyExclusionList ?? [];
      checkExclusions(exclusions);
      // Refuses what is no user, group or role before anything is looked up.
      simulatedPrincipal(input.PolicySourceArn);
      const source = await principals.policiesOf(accountId, input.PolicySourceArn);
      if (source === undefined) throw noSuchEntity(`The principal ${input.PolicySourceArn} cannot be found.`);
      const own = source.identity.filter((policy) => !isExcluded(exclusions, policy));
      const policies: PolicySet = {
        identity: [...storedPolicies(own), ...givenPolicies('PolicyInputList', input.PolicyInputList ?? [])],
        ...(source.boundary === undefined || excludesBoundary(exclusions) ? {} : { boundary: storedPolicies(source.boundary) }),
        ...givenBoundary(input),
        ...givenResourcePolicy(input),
      };
      return answer(input, simulation(input, policies, input.CallerArn ?? input.PolicySourceArn, accountId));
    },
  };
}

function simulation(input: SimulationInput, policies: PolicySet, callerArn: string | undefined, accountId: string): Simulation {
  const principal = callerArn === undefined ? undefined : simulatedPrincipal(callerArn);
  return {
    ...(principal === undefined ? {} : { principal }),
    policies,
    context: contextValues(input.ContextEntries ?? []),
    ...(input.ResourceArns === undefined || input.ResourceArns.length === 0 ? {} : { resourceArns: input.ResourceArns }),
    resourceAccountId:
      input.ResourceOwner === undefined ? (principal?.accountId ?? accountId) : ownerAccountId(input.ResourceOwner),
  };
}

/** One result per action, in the order they were named; the marker is the place in this list. */
async function answer(input: SimulationInput, asked: Simulation): Promise<Record<string, unknown>> {
  const request = pageRequest(input);
  const rest = input.ActionNames.map((action, index) => ({ action, key: String(index).padStart(6, '0') })).filter(
    ({ key }) => key > request.after,
  );
  const page = pageAnswer(
    'EvaluationResults',
    rest,
    request,
    ({ key }) => key,
    ({ action }) => action,
  );
  const results: Record<string, unknown>[] = [];
  for (const action of page['EvaluationResults'] as string[]) results.push(await simulateAction(action, asked));
  return { ...page, EvaluationResults: results };
}

function givenBoundary({ PermissionsBoundaryPolicyInputList: documents }: SimulationInput): Pick<PolicySet, 'boundary'> {
  return documents === undefined || documents.length === 0
    ? {}
    : { boundary: givenPolicies('PermissionsBoundaryPolicyInputList', documents) };
}

function givenResourcePolicy({ ResourcePolicy: document }: SimulationInput): Pick<PolicySet, 'resource'> {
  return document === undefined ? {} : { resource: [givenPolicy('ResourcePolicy', document, 'resource')] };
}

/** Managed policies go by their name, as inline ones. */
function storedPolicies(sources: readonly PolicySource[]): ParsedPolicy[] {
  return sources.map(({ id, document }) => givenPolicy(id.slice(id.lastIndexOf('/') + 1), document, 'identity'));
}

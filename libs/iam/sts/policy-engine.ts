/** How STS asks the policy evaluator; `libs/iam/policy` is it. */
export interface PolicyEngine<Parsed = unknown> {
  /** Documents were checked when they were stored. */
  parse(document: string): Parsed;
  evaluate(request: EngineRequest, policies: EnginePolicies<Parsed>): { effect: 'allowed' | 'implicitDeny' | 'explicitDeny' };
}

export interface EnginePrincipal {
  /** ARN, or the name of a service. */
  arn: string;
  accountId: string;
  kind: 'root' | 'user' | 'assumed-role' | 'role' | 'service';
}

export interface EngineRequest {
  principal: EnginePrincipal;
  action: string;
  resource: string;
  resourceAccountId: string;
  context: Record<string, string[]>;
}

export interface EnginePolicies<Parsed> {
  identity: Parsed[];
  resource?: Parsed[];
  boundary?: Parsed[];
  session?: Parsed[];
}

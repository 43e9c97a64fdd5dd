/** Operations of Lambda that Hearth will not do, and the sentence with which it says so (docs/decisions/0023). */
const NO_CAPACITY_PROVIDERS = 'capacity providers are EC2 instances that AWS manages. Here functions run on the hosts whose workers registered; add hosts for more capacity.';
const NO_SCALING_CONFIG =
  'a scaling configuration bounds the execution environments of functions on capacity providers, which do not exist here. Use reserved concurrency for an upper bound and provisioned concurrency for a lower one.';

export const LAMBDA_REFUSALS: Readonly<Record<string, string>> = {
  CreateCapacityProvider: NO_CAPACITY_PROVIDERS,
  GetCapacityProvider: NO_CAPACITY_PROVIDERS,
  UpdateCapacityProvider: NO_CAPACITY_PROVIDERS,
  DeleteCapacityProvider: NO_CAPACITY_PROVIDERS,
  ListCapacityProviders: NO_CAPACITY_PROVIDERS,
  ListFunctionVersionsByCapacityProvider: NO_CAPACITY_PROVIDERS,
  PutFunctionScalingConfig: NO_SCALING_CONFIG,
  GetFunctionScalingConfig: NO_SCALING_CONFIG,
};

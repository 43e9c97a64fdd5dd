import { invalidParameter } from '../errors.js';
import type { VpcSettings } from '../function-record.js';
import { vpcIdOf, type Network } from './network-store.js';

export interface VpcConfigInput {
  SubnetIds?: string[];
  SecurityGroupIds?: string[];
  Ipv6AllowedForDualStack?: boolean;
}

/**
 * A function's VpcConfig as it is stored: with the Docker networks it means.
 * @param current of the function; null: it never had one
 * @param networks of the function's account
 * @throws ServiceError InvalidParameterValueException as Lambda reports what EC2 answered (spec/lambda-api.md 3)
 */
export function vpcSettings(
  given: VpcConfigInput | undefined | null,
  current: VpcSettings | null,
  accountId: string,
  networks: () => Promise<readonly Network[]>,
): VpcSettings | null | Promise<VpcSettings> {
  if (given === undefined || given === null) return current;
  const { SubnetIds = [], SecurityGroupIds = [] } = given;
  if (given.Ipv6AllowedForDualStack)
    throw invalidParameter('VpcConfig: Ipv6AllowedForDualStack is not supported by this deployment: functions have IPv4 only.');
  if ((SubnetIds.length === 0) !== (SecurityGroupIds.length === 0))
    throw invalidParameter('subnetIds and securityGroupIds must coexist or be both empty list.');
  if (SubnetIds.length === 0) return current === null ? null : { SubnetIds, SecurityGroupIds, VpcId: '', networks: [] };
  return resolved([...new Set(SubnetIds)], [...new Set(SecurityGroupIds)], accountId, networks);
}

async function resolved(
  SubnetIds: string[],
  SecurityGroupIds: string[],
  accountId: string,
  list: () => Promise<readonly Network[]>,
): Promise<VpcSettings> {
  const networks = await list();
  const chosen = SubnetIds.map((id) => {
    const network = networks.find(({ subnetId }) => subnetId === id);
    if (network === undefined)
      throw invalidParameter(
        `Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID '${id}' does not exist`,
      );
    return network;
  });
  for (const id of SecurityGroupIds) {
    if (!networks.some(({ securityGroupId }) => securityGroupId === id)) {
      throw invalidParameter(
        `Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: The security group '${id}' does not exist`,
      );
    }
    // It would have no effect: a group here is who is in a network.
    if (!chosen.some(({ securityGroupId }) => securityGroupId === id))
      throw invalidParameter(`VpcConfig: the security group '${id}' is of none of the subnets that are named.`);
  }
  return {
    SubnetIds,
    SecurityGroupIds,
    VpcId: vpcIdOf(accountId),
    networks: [...new Set(chosen.map(({ dockerNetwork }) => dockerNetwork))],
  };
}

/** VpcConfigResponse; absent for a function that never had one. */
export function vpcAnswer(settings: VpcSettings | null): Record<string, unknown> | undefined {
  if (settings === null) return undefined;
  const { SubnetIds, SecurityGroupIds, VpcId } = settings;
  return { SubnetIds, SecurityGroupIds, VpcId, Ipv6AllowedForDualStack: false };
}

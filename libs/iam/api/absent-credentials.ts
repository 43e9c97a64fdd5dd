import type { OperationHandler } from '@hearth/aws-wire';
import { existing } from './identity-input.js';
import { noSuchEntity } from './errors.js';
import type { CallerContext, IamParts } from './parts.js';
import { userOfCaller } from './users.js';

/*
 * Users of Hearth sign with access keys and nothing else: there are no passwords, devices, certificates and identity providers, and the operations that would make them
 * answer 501. Terraform and others ask for them before they delete a user, and are told the truth: there are none.
 */

/** The lists by operation, of a user (the caller, unless one is named) or of the account. */
const OF_USERS = { ListMFADevices: 'MFADevices', ListSigningCertificates: 'Certificates', ListSSHPublicKeys: 'SSHPublicKeys', ListServiceSpecificCredentials: 'ServiceSpecificCredentials' };
const OF_ACCOUNTS = {
  ListVirtualMFADevices: 'VirtualMFADevices',
  ListServerCertificates: 'ServerCertificateMetadataList',
  ListSAMLProviders: 'SAMLProviderList',
  ListOpenIDConnectProviders: 'OpenIDConnectProviderList',
};
/** What is asked about or removed, of a user; and of the account. */
export const ABSENT_OF_USERS = [...Object.keys(OF_USERS), 'GetLoginProfile', 'DeleteLoginProfile'];
export const ABSENT_OF_ACCOUNTS = [...Object.keys(OF_ACCOUNTS), 'GetAccountPasswordPolicy', 'DeleteAccountPasswordPolicy'];

export function absentCredentialOperations({ database }: IamParts): Record<string, OperationHandler> {
  const userName = async (given: string | undefined, context: CallerContext): Promise<string | undefined> => {
    const name = given ?? userOfCaller(context);
    if (name !== undefined) await existing(database.pool, context.accountId, 'user', name);
    return name;
  };
  const noLoginProfile: OperationHandler = async ({ UserName }: { UserName?: string }, context) => {
    throw noSuchEntity(`Login Profile for User ${(await userName(UserName, context)) ?? 'root'} cannot be found.`);
  };
  const noPasswordPolicy: OperationHandler = async (_input: unknown, { accountId }) => {
    throw noSuchEntity(`The Password Policy with domain name ${accountId} cannot be found.`);
  };
  const ofUsers = Object.entries(OF_USERS).map(([operation, member]): [string, OperationHandler] => [
    operation,
    async ({ UserName }: { UserName?: string }, context) => {
      await userName(UserName, context);
      return { [member]: [], IsTruncated: false };
    },
  ]);
  const ofAccounts = Object.entries(OF_ACCOUNTS).map(([operation, member]): [string, OperationHandler] => [operation, async () => ({ [member]: [], IsTruncated: false })]);
  return {
    ...Object.fromEntries([...ofUsers, ...ofAccounts]),
    GetLoginProfile: noLoginProfile,
    DeleteLoginProfile: noLoginProfile,
    GetAccountPasswordPolicy: noPasswordPolicy,
    DeleteAccountPasswordPolicy: noPasswordPolicy,
  };
}

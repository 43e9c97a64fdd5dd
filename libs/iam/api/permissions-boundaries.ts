import type { OperationHandler } from '@hearth/aws-wire';
import { boundaryOf, IDENTITY_KINDS, locked } from './identity-input.js';
import { noSuchEntity } from './errors.js';
import type { IamParts } from './parts.js';

/* PutUserPermissionsBoundary, DeleteRolePermissionsBoundary and so on. */

type BoundaryInput = Record<string, string> & { PermissionsBoundary: string };

export function permissionsBoundaryOperations({ database }: IamParts): Record<string, OperationHandler> {
  const operations = IDENTITY_KINDS.filter(({ kind }) => kind !== 'group').map(
    ({ kind, label, member }): Record<string, OperationHandler> => ({
      [`Put${label}PermissionsBoundary`]: async (input: BoundaryInput, context) => {
        await database.transaction(async (client) => {
          const identity = await locked(client, context.accountId, kind, input[member]!);
          const { boundaryArn, boundaryPolicyId } = await boundaryOf(client, context.accountId, input.PermissionsBoundary);
          await client.query('UPDATE iam_identities SET boundary_arn = $2, boundary_policy_id = $3 WHERE id = $1', [
            identity.id,
            boundaryArn,
            boundaryPolicyId,
          ]);
        });
        return {};
      },
      [`Delete${label}PermissionsBoundary`]: async (input: BoundaryInput, context) => {
        await database.transaction(async (client) => {
          const identity = await locked(client, context.accountId, kind, input[member]!);
          if (identity.boundaryArn === null) throw noSuchEntity(`${label} ${identity.name} does not have a permission boundary`);
          await client.query('UPDATE iam_identities SET boundary_arn = NULL, boundary_policy_id = NULL WHERE id = $1', [
            identity.id,
          ]);
        });
        return {};
      },
    }),
  );
  return Object.assign({}, ...operations) as Record<string, OperationHandler>;
}

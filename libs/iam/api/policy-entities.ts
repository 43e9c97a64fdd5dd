import type { OperationHandler } from '@hearth/aws-wire';
import { findPolicy } from '../store/managed-policies.js';
import { assertPolicyArn } from './identity-input.js';
import { noSuchPolicy } from './errors.js';
import { pageAnswer, pageRequest, type PagedInput } from './paging.js';
import type { IamParts } from './parts.js';

interface ListEntitiesInput extends PagedInput {
  PolicyArn: string;
  EntityFilter?: 'User' | 'Role' | 'Group' | 'LocalManagedPolicy' | 'AWSManagedPolicy';
  PathPrefix?: string;
  PolicyUsageFilter?: 'PermissionsPolicy' | 'PermissionsBoundary';
}

interface Entity {
  id: string;
  kind: 'user' | 'group' | 'role';
  name: string;
  key: string;
}

/** One list over groups, roles and users, in this order, cut into pages and then into its three parts. */
export function policyEntityOperations({ database }: IamParts): Record<string, OperationHandler> {
  return {
    ListEntitiesForPolicy: async (input: ListEntitiesInput, { accountId }) => {
      assertPolicyArn(input.PolicyArn);
      const request = pageRequest(input);
      if ((await findPolicy(database.pool, accountId, input.PolicyArn)) === undefined) throw noSuchPolicy(input.PolicyArn);
      const { rows } = await database.pool.query<Entity>(
        `SELECT * FROM (
           SELECT i.id, i.kind, i.name, (i.kind || '/' || i.name_key) COLLATE "C" AS key FROM iam_identities i
           WHERE i.account_id = $1 AND starts_with(i.path, $3) AND ($4::text IS NULL OR i.kind = lower($4))
             AND (($5 <> 'PermissionsBoundary' AND EXISTS (SELECT 1 FROM iam_attachments a WHERE a.identity_id = i.id AND a.policy_arn = $2))
               OR ($5 <> 'PermissionsPolicy' AND i.boundary_arn = $2))
         ) AS entities WHERE key > $6 ORDER BY key LIMIT $7`,
        [
          accountId,
          input.PolicyArn,
          input.PathPrefix ?? '/',
          input.EntityFilter ?? null,
          input.PolicyUsageFilter ?? '',
          request.after,
          request.limit + 1,
        ],
      );
      const { entities, ...paging } = pageAnswer(
        'entities',
        rows,
        request,
        ({ key }) => key,
        (entity) => entity,
      );
      const of = (kind: Entity['kind']): Entity[] => (entities as Entity[]).filter((entity) => entity.kind === kind);
      return {
        PolicyGroups: of('group').map(({ id, name }) => ({ GroupName: name, GroupId: id })),
        PolicyUsers: of('user').map(({ id, name }) => ({ UserName: name, UserId: id })),
        PolicyRoles: of('role').map(({ id, name }) => ({ RoleName: name, RoleId: id })),
        ...paging,
      };
    },
  };
}

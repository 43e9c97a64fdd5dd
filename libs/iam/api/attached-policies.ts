import type { OperationHandler } from '@hearth/aws-wire';
import { nameKey } from '../store/identities.js';
import { findPolicy } from '../store/managed-policies.js';
import { assertPolicyArn, existing, IDENTITY_KINDS, locked } from './identity-input.js';
import { noSuchEntity, noSuchPolicy, quotaExceeded } from './errors.js';
import { pageAnswer, pageRequest, type PagedInput } from './paging.js';
import type { IamParts } from './parts.js';
import { ATTACHED_POLICIES } from './quotas.js';

/* AttachUserPolicy, DetachGroupPolicy, ListAttachedRolePolicies and so on. */

type AttachmentInput = Record<string, string> & { PolicyArn: string; PathPrefix?: string } & PagedInput;

interface Attached {
  arn: string;
  key: string;
}

export function attachedPolicyOperations({ database }: IamParts): Record<string, OperationHandler> {
  const operations = IDENTITY_KINDS.map(({ kind, label, member }): Record<string, OperationHandler> => ({
    /** Attaching what is attached is silent. */
    [`Attach${label}Policy`]: async (input: AttachmentInput, context) => {
      assertPolicyArn(input.PolicyArn);
      await database.transaction(async (client) => {
        const identity = await locked(client, context.accountId, kind, input[member]!);
        const policy = await findPolicy(client, context.accountId, input.PolicyArn, 'FOR SHARE');
        if (policy === undefined) throw noSuchEntity(`Policy ${input.PolicyArn} does not exist or is not attachable.`);
        const { rows } = await client.query<{ count: number; attached: boolean }>(
          'SELECT count(*)::int AS count, coalesce(bool_or(policy_arn = $2), false) AS attached FROM iam_attachments WHERE identity_id = $1',
          [identity.id, policy.arn],
        );
        if (rows[0]!.attached) return;
        if (rows[0]!.count >= ATTACHED_POLICIES) throw quotaExceeded(`PoliciesPer${label}`, ATTACHED_POLICIES);
        await client.query(
          'INSERT INTO iam_attachments (identity_id, policy_arn, policy_id, policy_name_key) VALUES ($1, $2, $3, $4)',
          [identity.id, policy.arn, policy.rowId ?? null, nameKey(policy.name)],
        );
      });
      return {};
    },
    [`Detach${label}Policy`]: async (input: AttachmentInput, context) => {
      assertPolicyArn(input.PolicyArn);
      await database.transaction(async (client) => {
        const identity = await locked(client, context.accountId, kind, input[member]!);
        const { rowCount } = await client.query('DELETE FROM iam_attachments WHERE identity_id = $1 AND policy_arn = $2', [
          identity.id,
          input.PolicyArn,
        ]);
        if (rowCount === 0) throw noSuchPolicy(input.PolicyArn);
      });
      return {};
    },
    [`ListAttached${label}Policies`]: async (input: AttachmentInput, context) => {
      const request = pageRequest(input);
      const identity = await existing(database.pool, context.accountId, kind, input[member]!);
      const { rows } = await database.pool.query<Attached>(
        `SELECT * FROM (SELECT policy_arn AS arn, (policy_name_key || CASE WHEN policy_id IS NULL THEN '/aws' ELSE '/account' END) COLLATE "C" AS key FROM iam_attachments WHERE identity_id = $1) AS a
         WHERE key > $2 AND starts_with(split_part(arn, ':policy', 2), $3) ORDER BY key LIMIT $4`,
        [identity.id, request.after, input.PathPrefix ?? '/', request.limit + 1],
      );
      return pageAnswer(
        'AttachedPolicies',
        rows,
        request,
        ({ key }) => key,
        ({ arn }) => ({ PolicyName: arn.slice(arn.lastIndexOf('/') + 1), PolicyArn: arn }),
      );
    },
  }));
  return Object.assign({}, ...operations) as Record<string, OperationHandler>;
}

import type { OperationHandler } from '@hearth/aws-wire';
import type { Queryable } from '../store/queryable.js';
import type { Identity } from '../store/identities.js';
import { existing, IDENTITY_KINDS, locked } from './identity-input.js';
import { limitExceeded, noSuchEntity } from './errors.js';
import { pageAnswer, pageRequest, type PagedInput } from './paging.js';
import type { IamParts } from './parts.js';
import { documentSize, INLINE_POLICIES_SIZE } from './quotas.js';
import { encodedDocument } from './shapes.js';

/* PutUserPolicy, GetGroupPolicy, ListRolePolicies, DeleteRolePolicy and so on. */

type InlineInput = Record<string, string> & { PolicyName: string; PolicyDocument: string } & PagedInput;

export function inlinePolicyOperations({ database, documents }: IamParts): Record<string, OperationHandler> {
  const operations = IDENTITY_KINDS.map(({ kind, label, member }): Record<string, OperationHandler> => ({
    [`Put${label}Policy`]: async (input: InlineInput, context) => {
      documents.checkIdentityPolicy(input.PolicyDocument);
      await database.transaction(async (client) => {
        const identity = await locked(client, context.accountId, kind, input[member]!);
        await assertSize(client, identity, input);
        await client.query(
          'INSERT INTO iam_inline_policies (identity_id, name, document) VALUES ($1, $2, $3) ON CONFLICT (identity_id, name) DO UPDATE SET document = excluded.document',
          [identity.id, input.PolicyName, input.PolicyDocument],
        );
      });
      return {};
    },
    [`Get${label}Policy`]: async (input: InlineInput, context) => {
      const identity = await existing(database.pool, context.accountId, kind, input[member]!);
      const { rows } = await database.pool.query<{ document: string }>(
        'SELECT document FROM iam_inline_policies WHERE identity_id = $1 AND name = $2',
        [identity.id, input.PolicyName],
      );
      if (rows[0] === undefined) throw noSuchInline(kind, input.PolicyName);
      return { [member]: identity.name, PolicyName: input.PolicyName, PolicyDocument: encodedDocument(rows[0].document) };
    },
    [`List${label}Policies`]: async (input: InlineInput, context) => {
      const request = pageRequest(input);
      const identity = await existing(database.pool, context.accountId, kind, input[member]!);
      const { rows } = await database.pool.query<{ name: string }>(
        'SELECT name FROM iam_inline_policies WHERE identity_id = $1 AND name > $2 ORDER BY name LIMIT $3',
        [identity.id, request.after, request.limit + 1],
      );
      return pageAnswer(
        'PolicyNames',
        rows,
        request,
        ({ name }) => name,
        ({ name }) => name,
      );
    },
    [`Delete${label}Policy`]: async (input: InlineInput, context) => {
      await database.transaction(async (client) => {
        const identity = await locked(client, context.accountId, kind, input[member]!);
        const { rowCount } = await client.query('DELETE FROM iam_inline_policies WHERE identity_id = $1 AND name = $2', [
          identity.id,
          input.PolicyName,
        ]);
        if (rowCount === 0) throw noSuchInline(kind, input.PolicyName);
      });
      return {};
    },
  }));
  return Object.assign({}, ...operations) as Record<string, OperationHandler>;
}

function noSuchInline(kind: string, policyName: string): Error {
  return noSuchEntity(`The ${kind} policy with name ${policyName} cannot be found.`);
}

/** The limit is on all inline policies of the identity together. */
async function assertSize(client: Queryable, { id, kind, name }: Identity, input: InlineInput): Promise<void> {
  const { rows } = await client.query<{ document: string }>(
    'SELECT document FROM iam_inline_policies WHERE identity_id = $1 AND name <> $2',
    [id, input.PolicyName],
  );
  const size = rows.reduce((sum, { document }) => sum + documentSize(document), documentSize(input.PolicyDocument));
  const limit = INLINE_POLICIES_SIZE[kind];
  if (size > limit) throw limitExceeded(`Maximum policy size of ${limit} bytes exceeded for ${kind} ${name}`);
}

import { IDENTITY_COLUMNS, identityArn, type Identity } from './identities.js';
import type { Queryable } from './queryable.js';

/*
 * Trust policies name users and roles by ARN when they are written and read, and by unique id while they are stored
 * (spec/iam-and-sts.md 3): who makes a user or role anew under the name of a deleted one does not inherit the trust.
 */

type Json = Record<string, unknown>;

const IDENTITY_ARN = /^arn:aws:iam::(\d{12}):(user|role)\/(?:[^/]+\/)*([^/]+)$/;
const UNIQUE_ID = /^(?:AIDA|AROA)[A-Z0-9]{17}$/;

/**
 * @param document JSON text of a valid trust policy
 * @returns what is stored, or the first ARN that nobody has
 */
export async function withUniqueIds(client: Queryable, document: string): Promise<{ document: string } | { unknown: string }> {
  const arns = [...new Set(namedPrincipals(document).filter((name) => IDENTITY_ARN.test(name)))];
  if (arns.length === 0) return { document };
  const ids = await idsOf(client, arns);
  const unknown = arns.find((arn) => !ids.has(arn));
  return unknown === undefined ? { document: renamed(document, ids) } : { unknown };
}

/** Puts the ARNs back. A principal that was deleted stays the id it was. */
export async function withArns<T extends { trustPolicy: string | null }>(client: Queryable, roles: T[]): Promise<T[]> {
  const ids = new Set(
    roles.flatMap(({ trustPolicy }) =>
      trustPolicy === null ? [] : namedPrincipals(trustPolicy).filter((name) => UNIQUE_ID.test(name)),
    ),
  );
  if (ids.size === 0) return roles;
  const { rows } = await client.query<Identity>(`SELECT ${IDENTITY_COLUMNS} FROM iam_identities i WHERE id = ANY($1)`, [
    [...ids],
  ]);
  const arns = new Map(rows.map((identity) => [identity.id, identityArn(identity)]));
  return roles.map((role) => (role.trustPolicy === null ? role : { ...role, trustPolicy: renamed(role.trustPolicy, arns) }));
}

async function idsOf(client: Queryable, arns: string[]): Promise<Map<string, string>> {
  const parts = arns.map((arn) => IDENTITY_ARN.exec(arn)!);
  const { rows } = await client.query<Identity>(
    `SELECT ${IDENTITY_COLUMNS} FROM iam_identities i JOIN unnest($1::text[], $2::text[], $3::text[]) AS named (account_id, kind, name)
     ON i.account_id = named.account_id AND i.kind = named.kind AND i.name_key = lower(named.name) AND i.name = named.name`,
    [parts.map((part) => part[1]), parts.map((part) => part[2]), parts.map((part) => part[3])],
  );
  return new Map(rows.map((identity) => [identityArn(identity), identity.id]));
}

function namedPrincipals(document: string): string[] {
  const names: string[] = [];
  eachPrincipal(JSON.parse(document) as Json, (name) => {
    names.push(name);
    return name;
  });
  return names;
}

/** The text itself when nothing is renamed: authors find their blanks again. */
function renamed(document: string, names: ReadonlyMap<string, string>): string {
  const root = JSON.parse(document) as Json;
  let changed = false;
  eachPrincipal(root, (name) => {
    const other = names.get(name);
    changed ||= other !== undefined;
    return other ?? name;
  });
  return changed ? JSON.stringify(root) : document;
}

/** Replaces each value of `AWS` in Principal and NotPrincipal by what `replace` makes of it. */
function eachPrincipal(root: Json, replace: (name: string) => string): void {
  for (const statement of [root['Statement']].flat() as Json[]) {
    for (const element of ['Principal', 'NotPrincipal']) {
      const principal = statement[element] as Json | string | undefined;
      if (typeof principal !== 'object') continue;
      const named = principal['AWS'];
      if (typeof named === 'string') principal['AWS'] = replace(named);
      else if (Array.isArray(named)) principal['AWS'] = (named as string[]).map(replace);
    }
  }
}

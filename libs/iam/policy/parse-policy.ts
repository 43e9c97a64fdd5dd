import { malformed } from './malformed.js';
import { readSource } from './json-source.js';
import type { ParsedPolicy, PolicyKind, Statement } from './parsed-policy.js';
import { parseStatement } from './parse-statement.js';

/** Characters of a document with blanks; the service model's limit (spec/iam-and-sts.md 6). Smaller limits count without blanks. */
export const MAX_DOCUMENT_LENGTH = 131_072;

export interface ParseOptions {
  kind: PolicyKind;
  /** What denials and simulations call the policy. */
  name: string;
}

const VERSIONS: readonly unknown[] = ['2008-10-17', '2012-10-17'];
const MEMBERS = new Set(['Version', 'Id', 'Statement']);
const SID = /^[0-9A-Za-z]*$/;

/**
 * Reads and checks a policy document and makes it ready for {@link evaluate}.
 * @throws ServiceError MalformedPolicyDocument (400)
 */
export function parsePolicy(document: string, { kind, name }: ParseOptions): ParsedPolicy {
  const root = parseJson(document);
  if (!isObject(root)) throw malformed('Syntax errors in policy.');
  for (const member of Object.keys(root))
    if (!MEMBERS.has(member)) throw malformed(`Syntax errors in policy. Unknown field ${member}`);
  const { Version: version = '2008-10-17', Id: id, Statement: given } = root;
  if (!VERSIONS.includes(version)) throw malformed('Policy document must be version 2012-10-17 or greater.');
  if (id !== undefined && typeof id !== 'string') throw malformed('Syntax errors in policy. Id must be a string');
  const list = Array.isArray(given) ? given : given === undefined ? [] : [given];
  if (list.length === 0) throw malformed('Syntax errors in policy. Missing required field Statement');
  const statements = list.map((statement: unknown, index) => {
    if (!isObject(statement)) throw malformed('Syntax errors in policy. A statement must be an object');
    return parseStatement(statement, index, kind, version === '2012-10-17');
  });
  checkSids(statements, kind);
  return { kind, name, version: version as ParsedPolicy['version'], statements, document };
}

function parseJson(document: string): unknown {
  if (document.length > MAX_DOCUMENT_LENGTH) throw malformed(`The policy is longer than ${MAX_DOCUMENT_LENGTH} characters.`);
  let root: unknown;
  try {
    root = JSON.parse(document);
  } catch (error) {
    throw malformed('This policy contains invalid Json', error);
  }
  if (readSource(document).hasDuplicateMembers) throw malformed('This policy contains invalid Json');
  return root;
}

/** Statement ids of resource policies are the services' own (Lambda's may have dashes and underscores). */
function checkSids(statements: readonly Statement[], kind: PolicyKind): void {
  const sids = statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]));
  if (kind !== 'resource' && !sids.every((sid) => SID.test(sid))) {
    throw malformed(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    );
  }
  if (new Set(sids).size < sids.length) throw malformed('Statement IDs (SID) in a single policy must be unique.');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

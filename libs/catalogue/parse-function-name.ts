import { functionArn } from '@hearth/kernel';
import { accessDenied, constraintText, invalidParameter, notFound, validationError } from './errors.js';

const REGION = String.raw`(?:eusc-)?[a-z]{2}(?:(?:-gov)|(?:-iso(?:[a-z]?)))?-[a-z]+-\d{1}`;

/** Every form of section 1.1 at once (type FNQ, the widest); each operation's narrower pattern is the wire's to check. */
const REFERENCE = new RegExp(
  String.raw`^(?:arn:(?<partition>aws[a-zA-Z-]*):lambda:)?(?:(?<region>${REGION}):)?(?:(?<account>\d{12}):)?(?:function:)?` +
    String.raw`(?<name>[a-zA-Z0-9-_.]+)(?::(?<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$`,
);

const PATTERN_TEXT =
  String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`;

const MAX_REFERENCE_LENGTH = 256;
const MAX_NAME_LENGTH = 64;

export interface FunctionReference {
  accountId: string;
  region: string;
  name: string;
  /** `$LATEST`, digits or an alias name, from the name or the query; absent when the caller gave none. */
  qualifier?: string;
  /** `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, with `:QUALIFIER` only when the caller gave one. */
  arn: string;
}

export interface CallerPlace {
  region: string;
  accountId: string;
  /** Shown in the refusal of another account's function. */
  principalArn?: string;
  /** `lambda:GetFunction` and the like, for the same text. */
  action?: string;
  /** Functions of other accounts are not refused here: whoever asks checks their policies. */
  otherAccounts?: boolean;
}

/**
 * Reads a function name, partial ARN or full ARN, with or without a qualifier (spec/lambda-api.md 1.1).
 * @param qualifier the `Qualifier` of the query
 * @throws ServiceError ValidationException (no such form), InvalidParameterValueException (name over 64, two different
 *   qualifiers), ResourceNotFoundException (another region), AccessDeniedException (another account)
 */
export function parseFunctionReference(text: string, qualifier: string | undefined, place: CallerPlace): FunctionReference {
  const groups = text.length <= MAX_REFERENCE_LENGTH ? REFERENCE.exec(text)?.groups : undefined;
  if (groups === undefined) {
    throw text.length > MAX_REFERENCE_LENGTH
      ? validationError(text, 'functionName', `Member must have length less than or equal to ${MAX_REFERENCE_LENGTH}`)
      : validationError(text, 'functionName', `Member must satisfy regular expression pattern: ${PATTERN_TEXT}`);
  }
  const name = groups['name']!;
  if (name.length > MAX_NAME_LENGTH) {
    throw invalidParameter(constraintText(text, 'functionName', `Member must have length less than or equal to ${MAX_NAME_LENGTH}`));
  }
  if (groups['qualifier'] !== undefined && qualifier !== undefined && groups['qualifier'] !== qualifier) {
    throw invalidParameter('The derived qualifier from the function name does not match the specified qualifier.');
  }
  const region = groups['region'] ?? place.region;
  if (region !== place.region) throw notFound(`Functions from '${region}' are not reachable in this region ('${place.region}')`);
  const accountId = groups['account'] ?? place.accountId;
  const chosen = qualifier ?? groups['qualifier'];
  const arn = functionArn(region, accountId, name, chosen);
  if (accountId !== place.accountId && !place.otherAccounts) throw otherAccount(arn, place);
  return { accountId, region, name, arn, ...(chosen === undefined ? {} : { qualifier: chosen }) };
}

function otherAccount(arn: string, place: CallerPlace): Error {
  const action = place.action ?? 'lambda:InvokeFunction';
  const user = place.principalArn ?? `arn:aws:iam::${place.accountId}:root`;
  return accessDenied(`User: ${user} is not authorized to perform: ${action} on resource: ${arn} because no resource-based policy allows the ${action} action`);
}

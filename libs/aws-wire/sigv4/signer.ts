import { createHmac, hash } from 'node:crypto';
import { canonicalHeaders, canonicalPath, canonicalQuery } from './canonical-request.js';
import { ALGORITHM, formatTimestamp } from './presented-signature.js';
import { deriveSigningKey } from './signing-keys.js';

export interface SigningCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Temporary credentials only. */
  sessionToken?: string;
}

export interface RequestToSign {
  method: string;
  url: URL;
  /** Signed along with `host` and the signature's own; lower-case names. */
  headers?: Readonly<Record<string, string>>;
  /** Hex SHA-256 of the body, or `UNSIGNED-PAYLOAD`. */
  payloadHash: string;
}

export const EMPTY_PAYLOAD_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Signature Version 4 in the header form (spec/iam-and-sts.md 2.1), for the requests that Hearth itself sends.
 * @param nowMs milliseconds since the epoch
 * @returns the headers to send; `host` is the client's to add
 */
export function signRequest(request: RequestToSign, scope: { region: string; service: string }, credentials: SigningCredentials, nowMs: number): Record<string, string> {
  const timestamp = formatTimestamp(nowMs);
  const date = timestamp.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': request.payloadHash,
    'x-amz-date': timestamp,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const covered = new Map(Object.entries({ ...headers, host: request.url.host }).map(([name, value]) => [name, [value]]));
  const names = [...covered.keys()].sort();
  const canonicalRequest =
    `${request.method}\n${canonicalPath(request.url.pathname, scope.service)}\n${canonicalQuery(request.url.search.slice(1))}\n` +
    `${canonicalHeaders(covered, names)}\n${names.join(';')}\n${request.payloadHash}`;
  const scopeText = `${date}/${scope.region}/${scope.service}/aws4_request`;
  const text = `${ALGORITHM}\n${timestamp}\n${scopeText}\n${hash('sha256', canonicalRequest, 'hex')}`;
  const signature = createHmac('sha256', deriveSigningKey(credentials.secretAccessKey, { date, ...scope })).update(text).digest('hex');
  return { ...headers, authorization: `${ALGORITHM} Credential=${credentials.accessKeyId}/${scopeText}, SignedHeaders=${names.join(';')}, Signature=${signature}` };
}

import { isUtf8 } from 'node:buffer';

/** An HTTP request as the function gets it: payload format 2.0 with the specifics of function URLs (spec/invoke.md 6 and 7.2). Pure. */

export interface UrlCaller {
  accessKeyId: string;
  accountId: string;
  principalArn: string;
  /** `AIDA...`, `AROA...:SESSION`, or the account id for its root. */
  principalId: string;
}

export interface UrlRequest {
  urlId: string;
  /** Host name without a port. */
  domainName: string;
  method: string;
  /** Still encoded. */
  rawPath: string;
  /** Without `?`. */
  rawQuery: string;
  /** `HTTP/1.1` */
  protocol: string;
  /** Alternating names and values as received. */
  rawHeaders: readonly string[];
  sourceIp: string;
  /** X-Forwarded-For with the client's address at its end. */
  forwardedFor: string;
  /** What the client used, `http` or `https`, and its port. */
  scheme: string;
  port: string;
  traceHeader: string;
  requestId: string;
  /** Epoch ms. */
  now: number;
  body: Buffer;
  /** Absent for AuthType NONE. */
  caller?: UrlCaller;
}

const TEXT_TYPE = /^(?:text\/[^;]*|application\/(?:json|xml|javascript|[^;]*\+(?:json|xml)))\s*(?:;|$)/i;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Would let the function act as its caller within the signature's lifetime. */
const CREDENTIAL_HEADERS = ['authorization', 'x-amz-security-token'];

export function urlEvent(request: UrlRequest): Record<string, unknown> {
  const headers = joinedHeaders(request.rawHeaders);
  const cookies = headers['cookie']?.split(';').map((cookie) => cookie.trim()).filter((cookie) => cookie !== '');
  delete headers['cookie'];
  if (request.caller !== undefined) for (const name of CREDENTIAL_HEADERS) delete headers[name];
  Object.assign(headers, {
    'x-amzn-trace-id': request.traceHeader,
    'x-forwarded-for': request.forwardedFor,
    'x-forwarded-port': request.port,
    'x-forwarded-proto': request.scheme,
  });
  const path = decodedOnce(request.rawPath);
  const query = joinedQuery(request.rawQuery);
  const isText = request.body.length > 0 && TEXT_TYPE.test(headers['content-type'] ?? '') && isUtf8(request.body);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: request.rawQuery,
    ...(cookies === undefined || cookies.length === 0 ? {} : { cookies }),
    headers,
    ...(query === undefined ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: request.caller?.accountId ?? 'anonymous',
      apiId: request.urlId,
      authentication: null,
      ...(request.caller === undefined ? {} : { authorizer: { iam: iamOf(request.caller) } }),
      domainName: request.domainName,
      domainPrefix: request.urlId,
      http: { method: request.method, path, protocol: request.protocol, sourceIp: request.sourceIp, userAgent: headers['user-agent'] },
      requestId: request.requestId,
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(request.now),
      timeEpoch: request.now,
    },
    ...(request.body.length === 0 ? {} : { body: isText ? request.body.toString('utf8') : request.body.toString('base64') }),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

function iamOf({ accessKeyId, accountId, principalArn, principalId }: UrlCaller): Record<string, unknown> {
  return { accessKey: accessKeyId, accountId, callerId: principalId, cognitoIdentity: null, principalOrgId: null, userArn: principalArn, userId: principalId };
}

/** Lower-case names; values of repeated headers joined by a comma, cookies by a semicolon. */
function joinedHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const joined = new Map<string, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    const value = rawHeaders[index + 1]!;
    const known = joined.get(name);
    joined.set(name, known === undefined ? value : `${known}${name === 'cookie' ? ';' : ','}${value}`);
  }
  return Object.fromEntries(joined);
}

function joinedQuery(rawQuery: string): Record<string, string> | undefined {
  const joined = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    const known = joined.get(name);
    joined.set(name, known === undefined ? value : `${known},${value}`);
  }
  return joined.size === 0 ? undefined : Object.fromEntries(joined);
}

function decodedOnce(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // No valid percent-encoding: the function sees what was sent.
  }
}

/** `02/Jan/2026:03:04:05 +0000` */
function commonLogTime(epochMs: number): string {
  const iso = new Date(epochMs).toISOString();
  return `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}

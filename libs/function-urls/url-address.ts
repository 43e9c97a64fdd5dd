import { randomInt } from 'node:crypto';

/**
 * Where function URLs are: `SCHEME://ID.lambda-url.REGION.DOMAIN[:PORT]/`, and on the same port `/_url/ID/...` for those whose DNS knows
 * no wildcards.
 */

const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 32;
const HOST = /^([a-z0-9]{32})\.lambda-url\.([a-z0-9-]+)\./;
const PATH = /^\/_url\/([a-z0-9]{32})(?=\/|$)/;

export interface UrlAddressing {
  region: string;
  /** How clients reach the ingress, without the labels that name a function: `http://localhost:4511`. No trailing slash. */
  baseUrl: string;
}

export interface CalledUrl {
  urlId: string;
  /** Path as the function sees it, still encoded: begins with a slash. */
  rawPath: string;
}

export function newUrlId(): string {
  return Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('');
}

/** With a trailing slash, as Lambda shows it. */
export function urlOf(urlId: string, { region, baseUrl }: UrlAddressing): string {
  const { protocol, host } = new URL(baseUrl);
  return `${protocol}//${urlId}.lambda-url.${region}.${host}/`;
}

/** Host name without a port, which is `requestContext.domainName`. */
export function domainOf(urlId: string, { region, baseUrl }: UrlAddressing): string {
  return `${urlId}.lambda-url.${region}.${new URL(baseUrl).hostname}`;
}

/**
 * Which function URL a request means. The domain behind the region is not looked at: whoever could send the request here may call it by
 * any name that leads here.
 * @param host the Host header
 * @param rawPath path as received
 */
export function calledUrl(host: string | undefined, rawPath: string, region: string): CalledUrl | undefined {
  const named = HOST.exec(host?.toLowerCase() ?? '');
  if (named !== null) return named[2] === region ? { urlId: named[1]!, rawPath } : undefined;
  const urlId = PATH.exec(rawPath)?.[1];
  return urlId === undefined ? undefined : { urlId, rawPath: rawPath.slice(`/_url/${urlId}`.length) || '/' };
}

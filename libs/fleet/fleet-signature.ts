import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { OperatorError } from '@hearth/kernel';

/**
 * Requests to a worker are signed with the fleet's secret, which never travels itself. The signature covers path, time and
 * body. Bodies are not encrypted: they hold the functions' environment variables, so the network between control plane, scheduler and
 * workers must be private (docs/decisions/0005).
 */
export const SIGNATURE_HEADER = 'x-hearth-signature';
export const TIME_HEADER = 'x-hearth-time';

/** How far the clocks of two hosts may be apart, and how long a recorded request could be replayed, in ms. */
export const MAX_SKEW_MS = 300_000;

export type Verdict = 'valid' | 'wrong-signature' | 'wrong-time';

/** @throws OperatorError */
export function requireFleetSecret(secret: string | undefined): string {
  if (secret === undefined) throw new OperatorError('HEARTH_FLEET_SECRET is not set.', 'Set the same secret of at least 16 characters for control plane, scheduler and workers.');
  return secret;
}

export function signatureHeaders(secret: string, path: string, body: Uint8Array, nowMs: number): Record<string, string> {
  const time = String(nowMs);
  return { [TIME_HEADER]: time, [SIGNATURE_HEADER]: signature(secret, path, time, body).toString('hex') };
}

export function verify(secret: string, path: string, headers: Record<string, string | string[] | undefined>, body: Uint8Array, nowMs: number): Verdict {
  const time = String(headers[TIME_HEADER]);
  const given = Buffer.from(String(headers[SIGNATURE_HEADER]), 'hex');
  const expected = signature(secret, path, time, body);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'wrong-signature';
  return Math.abs(nowMs - Number(time)) <= MAX_SKEW_MS ? 'valid' : 'wrong-time';
}

function signature(secret: string, path: string, time: string, body: Uint8Array): Buffer {
  const digest = createHash('sha256').update(body).digest('hex');
  return createHmac('sha256', secret).update(`${time}\n${path}\n${digest}`).digest();
}

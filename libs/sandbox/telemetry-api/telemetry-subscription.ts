import { ExtensionFault } from '../extensions/extension-fault.js';
import { TELEMETRY_TYPES, type TelemetryType } from './telemetry-event.js';

export type TelemetryApi = 'Telemetry' | 'Logs';

export type Destination = { protocol: 'HTTP'; port: number; path: string; host: string } | { protocol: 'TCP'; port: number };

export interface Buffering {
  /** Events, bytes of JSON, and ms since the first of them, after which a batch goes out. */
  maxItems: number;
  maxBytes: number;
  timeoutMs: number;
}

export interface Subscription {
  schemaVersion: string;
  types: readonly TelemetryType[];
  destination: Destination;
  buffering: Buffering;
}

const SCHEMAS: Readonly<Record<TelemetryApi, readonly string[]>> = {
  Telemetry: ['2022-07-01', '2022-12-13', '2025-01-29'],
  Logs: ['2020-08-15', '2021-03-18'],
};
/** The Runtime API's own port: nothing of the sandbox listens there. */
const RESERVED_PORT = 9_001;
const HOSTS = ['sandbox.localdomain', 'sandbox'];
/** Least, most, default (runtime-api.md section 3). */
const LIMITS: Readonly<Record<keyof Buffering, readonly [number, number, number]>> = {
  maxItems: [1_000, 10_000, 10_000],
  maxBytes: [262_144, 1_048_576, 262_144],
  timeoutMs: [25, 30_000, 1_000],
};

/** @throws ExtensionFault ValidationError */
export function parseSubscription(body: Record<string, unknown>, api: TelemetryApi): Subscription {
  return {
    schemaVersion: schemaOf(body.schemaVersion, api),
    types: typesOf(body.types),
    destination: destinationOf(body.destination),
    buffering: bufferingOf(body.buffering ?? {}),
  };
}

function schemaOf(value: unknown, api: TelemetryApi): string {
  // The Logs API's first version had no such member.
  if (value === undefined && api === 'Logs') return SCHEMAS.Logs[0]!;
  if (typeof value === 'string' && SCHEMAS[api].includes(value)) return value;
  throw invalid(`schemaVersion is not one of ${SCHEMAS[api].join(', ')}`);
}

function typesOf(value: unknown): TelemetryType[] {
  const known = TELEMETRY_TYPES as readonly unknown[];
  if (Array.isArray(value) && value.length > 0 && value.every((one) => known.includes(one)))
    return [...new Set(value as TelemetryType[])];
  throw invalid(`types is not a list with at least one of ${TELEMETRY_TYPES.join(', ')}`);
}

function destinationOf(value: unknown): Destination {
  const { protocol, URI, port } = objectOf(value, 'destination');
  if (protocol === 'TCP') return { protocol, port: portOf(port) };
  if (protocol !== 'HTTP') throw invalid('destination.protocol is neither HTTP nor TCP');
  const uri = typeof URI === 'string' ? URL.parse(URI) : null;
  if (uri === null || uri.protocol !== 'http:') throw invalid('destination.URI is not an http URI');
  if (!HOSTS.includes(uri.hostname)) throw invalid('destination.URI does not name sandbox.localdomain');
  return { protocol, port: portOf(uri.port === '' ? 80 : Number(uri.port)), path: uri.pathname + uri.search, host: uri.host };
}

function portOf(value: unknown): number {
  if (Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536 && value !== RESERVED_PORT)
    return value as number;
  throw invalid(`destination has no port that may be used (1 to 65535 without ${RESERVED_PORT})`);
}

function bufferingOf(value: unknown): Buffering {
  const given = objectOf(value, 'buffering');
  const buffering = {} as Buffering;
  for (const [name, [least, most, usual]] of Object.entries(LIMITS) as [keyof Buffering, readonly [number, number, number]][]) {
    const number = given[name] ?? usual;
    if (!Number.isInteger(number) || (number as number) < least || (number as number) > most)
      throw invalid(`buffering.${name} is not a number from ${least} to ${most}`);
    buffering[name] = number as number;
  }
  return buffering;
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(`${name} is not an object`);
}

function invalid(message: string): ExtensionFault {
  return new ExtensionFault('ValidationError', message, 400);
}

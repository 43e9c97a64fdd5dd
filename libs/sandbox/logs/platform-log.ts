import { createHash } from 'node:crypto';
import type { InitializationType } from '../function-environment.js';
import type { FunctionSpec } from '../function-spec.js';

/** What the platform itself says about a sandbox, in the function's log. */
export type PlatformEvent =
  | { type: 'initStart'; phase: InitPhase }
  | { type: 'initRuntimeDone'; phase: InitPhase; status: PlatformStatus; errorType?: string }
  | { type: 'initReport'; phase: InitPhase; status: PlatformStatus; durationMs: number; errorType?: string }
  | { type: 'start'; requestId: string; traceHeader?: string }
  | { type: 'extension'; name: string; state: string; events: readonly string[]; errorType?: string }
  | { type: 'telemetrySubscription' | 'logsSubscription'; name: string; types: readonly string[] }
  | { type: 'runtimeDone'; requestId: string; status: PlatformStatus; durationMs: number; producedBytes: number; errorType?: string }
  | ({ type: 'report' } & Report);

export type InitPhase = 'init' | 'invoke';
/** `error`: the runtime reported it; `failure`: the runtime ended. */
export type PlatformStatus = 'success' | 'error' | 'failure' | 'timeout';

export interface Report {
  requestId: string;
  status: PlatformStatus;
  errorType?: string;
  durationMs: number;
  billedDurationMs: number;
  maxMemoryUsedMb: number;
  initDurationMs?: number;
  /** What extensions took after the runtime's answer, from when (epoch ms) and how long. */
  postRuntimeExtensions?: { startedAt: number; durationMs: number };
}

const LEVELS = ['DEBUG', 'INFO', 'WARN'] as const;
type Level = (typeof LEVELS)[number];

/** Billed Duration counts init too since August 2025 (invoke.md section 3.1). */
export function billedDuration(durationMs: number, initDurationMs = 0): number {
  return Math.ceil(Number((durationMs + initDurationMs).toFixed(2)));
}

/** The lines of an event in the function's log format; none where the format or the level leaves it out. */
export function platformLines(event: PlatformEvent, spec: FunctionSpec, epochMs: number, initializationType: InitializationType = 'on-demand'): string[] {
  if (spec.logFormat === 'Text') return textLines(event, spec);
  const wanted = LEVELS.indexOf((spec.systemLogLevel ?? 'INFO') as Level);
  if (LEVELS.indexOf(levelOf(event)) < wanted) return [];
  return [JSON.stringify({ time: new Date(epochMs).toISOString(), type: `platform.${event.type}`, record: platformRecord(event, spec, initializationType) })];
}

/** invoke.md section 3.1 */
function textLines(event: PlatformEvent, spec: FunctionSpec): string[] {
  switch (event.type) {
    case 'initStart':
      if (event.phase === 'invoke') return [];
      // The runtime in a container image is the user's.
      if (spec.image !== undefined) return [];
      return [`INIT_START Runtime Version: ${runtimeVersion(spec)}\tRuntime Version ARN: ${runtimeVersionArn(spec)}`];
    case 'initRuntimeDone':
      return [];
    case 'initReport':
      if (event.status === 'success') return [];
      return [`INIT_REPORT Init Duration: ${ms(event.durationMs)} ms\tPhase: ${event.phase}\tStatus: ${plain(event.status)}${event.errorType ? `\tError Type: ${event.errorType}` : ''}`];
    case 'extension':
      return [`EXTENSION\tName: ${event.name}\tState: ${event.state}\tEvents: [${event.events.join(', ')}]${event.errorType ? `\tError Type: ${event.errorType}` : ''}`];
    case 'telemetrySubscription':
    case 'logsSubscription':
      return [`${event.type === 'logsSubscription' ? 'LOGS' : 'TELEMETRY'}\tName: ${event.name}\tState: Subscribed\tTypes: [${event.types.join(', ')}]`];
    case 'start':
      return [`START RequestId: ${event.requestId} Version: ${spec.version}`];
    case 'runtimeDone':
      return [`END RequestId: ${event.requestId}`];
    case 'report':
      return [reportLine(event, spec.memoryMb)];
  }
}

export function reportLine(report: Report, memoryMb: number): string {
  const fields = [
    `REPORT RequestId: ${report.requestId}`,
    `Duration: ${ms(report.durationMs)} ms`,
    `Billed Duration: ${report.billedDurationMs} ms`,
    `Memory Size: ${memoryMb} MB`,
    `Max Memory Used: ${report.maxMemoryUsedMb} MB`,
  ];
  if (report.initDurationMs !== undefined) fields.push(`Init Duration: ${ms(report.initDurationMs)} ms`);
  if (report.postRuntimeExtensions !== undefined) fields.push(`Post Runtime Extensions Duration: ${ms(report.postRuntimeExtensions.durationMs)} ms`);
  if (report.status !== 'success') fields.push(`Status: ${plain(report.status)}`);
  if (report.errorType !== undefined && report.status !== 'timeout') fields.push(`Error Type: ${report.errorType}`);
  return `${fields.join('\t')}\t`;
}

/** invoke.md section 3.2, runtime-api.md section 3 */
export function platformRecord(event: PlatformEvent, spec: FunctionSpec, initializationType: InitializationType): Record<string, unknown> {
  const init = { initializationType };
  switch (event.type) {
    case 'initStart':
      return {
        ...init,
        phase: event.phase,
        ...(spec.image === undefined && { runtimeVersion: runtimeVersion(spec), runtimeVersionArn: runtimeVersionArn(spec) }),
        functionName: spec.functionName,
        functionVersion: spec.version,
      };
    case 'initRuntimeDone':
      return { ...init, phase: event.phase, status: event.status, errorType: event.errorType };
    case 'initReport':
      return { ...init, phase: event.phase, status: event.status, errorType: event.errorType, metrics: { durationMs: round(event.durationMs) } };
    case 'extension':
      return { name: event.name, state: event.state, events: event.events, errorType: event.errorType };
    case 'telemetrySubscription':
    case 'logsSubscription':
      return { name: event.name, state: 'Subscribed', types: event.types };
    case 'start':
      return { requestId: event.requestId, version: spec.version };
    case 'runtimeDone':
      return {
        requestId: event.requestId,
        status: event.status,
        errorType: event.errorType,
        metrics: { durationMs: round(event.durationMs), producedBytes: event.producedBytes },
      };
    case 'report':
      return {
        requestId: event.requestId,
        status: event.status,
        errorType: event.errorType,
        metrics: {
          durationMs: round(event.durationMs),
          billedDurationMs: event.billedDurationMs,
          memorySizeMB: spec.memoryMb,
          maxMemoryUsedMB: event.maxMemoryUsedMb,
          initDurationMs: event.initDurationMs === undefined ? undefined : round(event.initDurationMs),
        },
        ...(event.postRuntimeExtensions && { spans: [overhead(event.postRuntimeExtensions)] }),
      };
  }
}

function overhead({ startedAt, durationMs }: NonNullable<Report['postRuntimeExtensions']>): Record<string, unknown> {
  return { name: 'extensionOverhead', start: new Date(startedAt).toISOString(), durationMs: round(durationMs) };
}

function levelOf(event: PlatformEvent): Level {
  if (('status' in event && event.status !== 'success') || (event.type === 'extension' && event.errorType !== undefined)) return 'WARN';
  return event.type === 'initRuntimeDone' || event.type === 'initReport' || event.type === 'runtimeDone' ? 'DEBUG' : 'INFO';
}

/** The text format knows no `failure`. */
function plain(status: PlatformStatus): string {
  return status === 'failure' ? 'error' : status;
}

/** `nodejs22.x` is `nodejs:22.v1` there, `provided.al2023` is `provided:al2023.v1`. */
function runtimeVersion(spec: FunctionSpec): string {
  return spec.runtime.replace(/^([a-z]+)\.?(.*?)(\.x)?$/, '$1:$2.v1');
}

function runtimeVersionArn(spec: FunctionSpec): string {
  return `arn:aws:lambda:${spec.region}::runtime:${createHash('sha256').update(spec.runtime).digest('hex')}`;
}

function ms(duration: number): string {
  return duration.toFixed(2);
}

function round(duration: number): number {
  return Number(duration.toFixed(3));
}

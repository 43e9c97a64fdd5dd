export { createLogger, type Logger, type LoggerOptions } from './logger.js';
export { DISABLED_TRACER, type InvocationTrace, type InvocationTracer } from './invocation-trace.js';
export { makeTraceHeader, parseTraceHeader, type TraceHeader } from './trace-header.js';
export { PlatformMetrics, type SandboxState } from './platform-metrics.js';
export { spanIdOf } from './span-writer.js';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.js';

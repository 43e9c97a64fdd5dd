/** File name to content, relative to the task root or to /opt. */
export type Files = Record<string, string | Buffer>;

/**
 * One language of the runtimes' conformance suite: a probe function, whose event `{"probe": NAME}` says what it is to do, and what is
 * particular to the language in what it answers. Probes: context, environment, throw, custom, log, layer, sdk, exit, never.
 */
export interface RuntimeLanguage {
  name: string;
  runtimes: readonly string[];
  handler: string;
  code(): Promise<Files>;
  layer(runtime: string): Promise<Files>;
  /** Error object of the probe `throw`, without its stack trace. */
  thrown: Record<string, unknown>;
  /** Error object of the probe `custom`: an error of the function's own type, "no order 7". */
  custom: Record<string, unknown>;
  /** Where an error object has its stack trace, and what a line of it shows. */
  trace: { member: string; line: RegExp };
  /** Lines of the probe `log`: one for each entry must match, in this order. */
  textLog: readonly RegExp[];
  /** Of the same probe in JSON at level WARN: the records that are left. */
  jsonLog: readonly Record<string, unknown>[];
  /** What `sdk` answers; absent where the image brings no SDK. */
  sdk?: unknown;
  /** Variables of this language, by name. */
  environment(runtime: string): Record<string, unknown>;
  /** What the probe `exit` (status 3) leads to. */
  exit: Record<string, unknown>;
  /** Other forms of handlers than the probe's. */
  forms: readonly HandlerForm[];
  broken: readonly BrokenHandler[];
}

export interface HandlerForm {
  what: string;
  handler: string;
  /** Default: the probe's code. */
  files?: Files;
  event: unknown;
  answer: unknown;
}

export interface BrokenHandler {
  what: string;
  handler: string;
  files: Files;
  error: Record<string, unknown>;
}

import { constants } from 'node:os';

/** Names as the Go runtime of Lambda's own platform prints them (invoke.md section 2: `signal: killed`). */
const SIGNAL_TEXTS: Record<number, string> = {
  [constants.signals.SIGHUP]: 'hangup',
  [constants.signals.SIGINT]: 'interrupt',
  [constants.signals.SIGQUIT]: 'quit',
  [constants.signals.SIGILL]: 'illegal instruction',
  [constants.signals.SIGTRAP]: 'trace/breakpoint trap',
  [constants.signals.SIGABRT]: 'aborted',
  [constants.signals.SIGBUS]: 'bus error',
  [constants.signals.SIGFPE]: 'floating point exception',
  [constants.signals.SIGKILL]: 'killed',
  [constants.signals.SIGSEGV]: 'segmentation fault',
  [constants.signals.SIGPIPE]: 'broken pipe',
  [constants.signals.SIGALRM]: 'alarm clock',
  [constants.signals.SIGTERM]: 'terminated',
};

const SHELL_SIGNAL_BASE = 128;
/** Node exits 128 and 129 of its own accord in Hearth's client (unhandled rejection, uncaught exception). */
const FIRST_SIGNAL = 2;

/**
 * The launcher is a shell: it reports a child that a signal ended as 128 + N. Numbers that name no signal of the table are
 * ordinary exit codes.
 */
export function exitFromShell(status: number): { exitCode?: number; signal?: string } {
  const signal = status - SHELL_SIGNAL_BASE;
  const text = signal >= FIRST_SIGNAL ? SIGNAL_TEXTS[signal] : undefined;
  return text === undefined ? { exitCode: status } : { signal: text };
}

/** Statuses by which a launcher says that there is nothing to run; the last is of container images only. */
export const LAUNCHER_STATUS = { bootstrapMissing: 242, bootstrapNotExecutable: 243, workingDirectoryMissing: 244, wrongFormat: 245 } as const;

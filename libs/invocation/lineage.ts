/**
 * Recursion detection (spec/invoke.md 4.3): the trace header that a function hands on counts, in its part `Lineage=HASH:COUNT|HASH:COUNT`, how
 * often each function ran in the chain. The AWS SDKs copy the header from the function's environment into the requests they make.
 */
import { ServiceError } from '@hearth/kernel';

/** The invocation after this many of one function in one chain is refused. */
export const MAX_HOPS = 16;
/** Functions remembered of one chain: the header stays short. The one that ran longest ago is forgotten first. */
const MAX_FUNCTIONS = 32;
const LINEAGE = /(?:^|;)\s*Lineage=([0-9a-f:|]*)/;
const MEMBER = /^([0-9a-f]{8}):(\d{1,4})$/;

export interface Hop {
  /** The header that the function gets. */
  traceHeader: string;
  /** How often the function runs in this chain, this time included. */
  count: number;
}

/** @param functionId UUID; its first 8 digits stand for the function */
export function nextHop(traceHeader: string, functionId: string): Hop {
  const own = functionId.slice(0, 8);
  const given = LINEAGE.exec(traceHeader);
  if (given === null) return { traceHeader: `${traceHeader};Lineage=${own}:1`, count: 1 };
  let count = 1;
  const others: string[] = [];
  for (const member of given[1]!.split('|')) {
    const parsed = MEMBER.exec(member);
    if (parsed === null) continue;
    if (parsed[1] === own) count = Number(parsed[2]) + 1;
    else others.push(member);
  }
  const lineage = [...others.slice(1 - MAX_FUNCTIONS), `${own}:${count}`].join('|');
  return { traceHeader: `${traceHeader.slice(0, given.index)};Lineage=${lineage}${traceHeader.slice(given.index + given[0].length)}`, count };
}

export function recursiveInvocation(): ServiceError {
  return new ServiceError('RecursiveInvocationException', 400, 'Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources and stopped your function\'s invocation.', {
    messageMember: 'Message',
  });
}

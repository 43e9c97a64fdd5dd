import type { ConditionKeys } from './request-context.js';
import { areResolvable, isVariable, requiredKeys, resolve, variablesOf, type TemplatePart, type Variable } from './template.js';
import { ANY_RUN, Wildcard, type Meter, type PatternPart } from './wildcard.js';

/** partition, service, region, account and resource behind `arn`; the resource may contain colons. */
const SEGMENTS = 6;

/** A request's resource, taken apart once for all patterns. */
export interface SubjectArn {
  text: string;
  /** Missing when it is no ARN: `*` for operations without a resource. */
  segments: readonly string[] | undefined;
}

export function subjectArn(text: string): SubjectArn {
  if (!text.startsWith('arn:')) return { text, segments: undefined };
  const segments: string[] = [];
  let from = 0;
  while (segments.length < SEGMENTS - 1) {
    const colon = text.indexOf(':', from);
    if (colon < 0) return { text, segments: undefined };
    segments.push(text.slice(from, colon));
    from = colon + 1;
  }
  segments.push(text.slice(from));
  return { text, segments };
}

/**
 * A pattern for ARNs. Compared part by part, so that no wildcard and no variable reaches over a colon into the next part, except
 * inside the last part, the resource. Parts missing at the end are `*` (`arn:aws:sqs` is `arn:aws:sqs:*:*:*`).
 */
export class ArnPattern {
  /** Keys of variables without a default. */
  readonly requiredKeys: readonly string[];
  private readonly variables: readonly Variable[];
  private readonly everything: boolean;
  /** The whole pattern when it has no wildcard. */
  readonly exact: string | undefined;
  private readonly segments: readonly (Wildcard | readonly TemplatePart[])[];
  /** The pattern begins with a variable that stands for more than one part, as `${aws:PrincipalArn}`. */
  private readonly whole: readonly TemplatePart[] | undefined;

  constructor(parts: readonly TemplatePart[]) {
    this.variables = variablesOf(parts);
    this.requiredKeys = requiredKeys(this.variables);
    this.everything = parts.length === 1 && parts[0] === ANY_RUN;
    this.whole = parts[0] !== undefined && isVariable(parts[0]) ? parts : undefined;
    const split = this.everything || this.whole ? [] : completed(splitAtColons(parts));
    this.exact =
      split.length > 0 && parts.every((part) => typeof part === 'string') && splitAtColons(parts).length === SEGMENTS
        ? parts.join('')
        : undefined;
    this.segments = split.map((segment) => (segment.some(isVariable) ? segment : new Wildcard(segment as PatternPart[])));
  }

  /** @returns undefined when a variable cannot be resolved */
  matches(subject: SubjectArn, context: ConditionKeys, meter?: Meter): boolean | undefined {
    if (this.everything) return true;
    if (this.exact !== undefined) return this.exact === subject.text;
    // Whatever the other parts say: the outcome must not depend on the order of comparison.
    if (!areResolvable(this.variables, context)) return undefined;
    if (this.whole !== undefined) return new ArnPattern(resolve(this.whole, context)).matches(subject, context, meter);
    if (subject.segments === undefined) return false;
    for (let i = 0; i < SEGMENTS; i += 1) {
      const segment = this.segments[i]!;
      const pattern = segment instanceof Wildcard ? segment : new Wildcard(resolve(segment, context));
      if (!pattern.matches(subject.segments[i]!, meter)) return false;
    }
    return true;
  }
}

function splitAtColons(parts: readonly TemplatePart[]): TemplatePart[][] {
  const segments: TemplatePart[][] = [[]];
  for (const part of parts) {
    if (typeof part !== 'string') {
      segments.at(-1)!.push(part);
      continue;
    }
    let rest = part;
    let colon = rest.indexOf(':');
    while (colon >= 0 && segments.length < SEGMENTS) {
      segments.at(-1)!.push(rest.slice(0, colon));
      segments.push([]);
      rest = rest.slice(colon + 1);
      colon = rest.indexOf(':');
    }
    segments.at(-1)!.push(rest);
  }
  return segments;
}

function completed(segments: TemplatePart[][]): TemplatePart[][] {
  return [...segments, ...Array.from({ length: SEGMENTS - segments.length }, (): TemplatePart[] => [ANY_RUN])];
}

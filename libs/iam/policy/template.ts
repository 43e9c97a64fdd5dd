import { ANY_ONE, ANY_RUN, Wildcard, type PatternPart } from './wildcard.js';
import type { ConditionKeys } from './request-context.js';

/** `${key}` or `${key, 'text'}` in a policy of version 2012-10-17. */
export interface Variable {
  /** Lower case. */
  key: string;
  /** Used when the request does not have the key. */
  fallback?: string;
}

/** A text of a policy: literal text, wildcards, variables. */
export type TemplatePart = PatternPart | Variable;

export interface TemplateRules {
  /** `${...}` is a variable, and `${*}`, `${?}`, `${$}` are those characters themselves: version 2012-10-17 only. */
  variables: boolean;
  /** `*` and `?` are wildcards. */
  wildcards: boolean;
}

/** `$` followed by braces without an end, or with nothing in them, is plain text. */
export function parseTemplate(text: string, rules: TemplateRules): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let literal = '';
  const push = (part: Exclude<TemplatePart, string>): void => {
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(part);
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (rules.wildcards && character === '*') push(ANY_RUN);
    else if (rules.wildcards && character === '?') push(ANY_ONE);
    else if (rules.variables && character === '$' && text[at + 1] === '{') {
      const end = endOfVariable(text, at + 2);
      const body = end < 0 ? '' : text.slice(at + 2, end).trim();
      if (body === '') literal += character;
      else {
        if (body === '*' || body === '?' || body === '$') literal += body;
        else push(parseVariable(body));
        at = end;
      }
    } else literal += character;
  }
  if (literal !== '') parts.push(literal);
  return parts;
}

/** The closing brace, which may also stand inside the quotes of a default. */
function endOfVariable(text: string, from: number): number {
  const end = text.indexOf('}', from);
  const quote = text.indexOf("'", from);
  if (quote < 0 || end < quote) return end;
  const closing = text.indexOf("'", quote + 1);
  return closing < 0 ? end : text.indexOf('}', closing);
}

function parseVariable(body: string): Variable {
  const comma = body.indexOf(',');
  const fallback = comma < 0 ? '' : body.slice(comma + 1).trim();
  if (fallback.length < 2 || !fallback.startsWith("'") || !fallback.endsWith("'")) return { key: body.toLowerCase() };
  return { key: body.slice(0, comma).trim().toLowerCase(), fallback: fallback.slice(1, -1) };
}

export function isVariable(part: TemplatePart): part is Variable {
  return typeof part === 'object';
}

export function variablesOf(parts: readonly TemplatePart[]): Variable[] {
  return parts.filter(isVariable);
}

/** Every variable has one value, or no value and a default. A key with several values stands for no text. */
export function areResolvable(variables: readonly Variable[], context: ConditionKeys): boolean {
  return variables.every(({ key, fallback }) => {
    const values = context.values(key);
    return values === undefined ? fallback !== undefined : values.length === 1;
  });
}

/**
 * Puts the request's values in. What a variable stands for is taken literally: a `*` in a tag's value is no wildcard, or whoever
 * sets the tag would widen the policy. The variables have passed {@link areResolvable}.
 */
export function resolve(parts: readonly TemplatePart[], context: ConditionKeys): PatternPart[] {
  return parts.map((part) => (isVariable(part) ? (context.values(part.key)?.[0] ?? part.fallback!) : part));
}

/** The keys without which a text cannot be resolved. */
export function requiredKeys(variables: readonly Variable[]): string[] {
  return variables.flatMap(({ key, fallback }) => (fallback === undefined ? [key] : []));
}

/** Of a text outside of policies, with `*` and `?` and nothing else. */
export function matchesWildcards(pattern: string, text: string): boolean {
  return new Wildcard(parseTemplate(pattern, { variables: false, wildcards: true }) as PatternPart[]).matches(text);
}

import { AddressRanges, isAddressRange } from './address-range.js';
import { ArnPattern, subjectArn } from './arn-pattern.js';
import type { ConditionKeys } from './request-context.js';
import { areResolvable, isVariable, parseTemplate, requiredKeys, resolve, variablesOf, type TemplatePart } from './template.js';
import { Wildcard, type Meter } from './wildcard.js';

/** The values a policy lists for one condition key. */
export interface ValueTest {
  /**
   * Whether one of the request's values equals (is like, is below...) one of the listed.
   * @returns undefined: none does, but one that holds a variable without a value might have
   */
  test(value: string, context: ConditionKeys, meter?: Meter): boolean | undefined;
  /** Condition keys of variables without a default. */
  requiredKeys: readonly string[];
}

/** Families of operators by how they compare. Each takes the values of a policy and says which of them it cannot use. */
export interface ValueFamily {
  /** @param variables the policy's version knows variables */
  compile(values: readonly string[], variables: boolean): ValueTest;
  /** Missing: every text will do. */
  isValid?(value: string): boolean;
}

const identity = (text: string): string => text;
const lowerCase = (text: string): string => text.toLowerCase();

export const stringEquals: ValueFamily = texts(identity, false);
export const stringEqualsIgnoreCase: ValueFamily = texts(lowerCase, false);
export const stringLike: ValueFamily = texts(identity, true);

export const arnLike: ValueFamily = {
  isValid: (value) => value === '*' || value.startsWith('arn:') || value.startsWith('${'),
  compile(values, variables) {
    const patterns = values.map((value) => new ArnPattern(parseTemplate(value, { variables, wildcards: true })));
    return {
      requiredKeys: patterns.flatMap((pattern) => pattern.requiredKeys),
      test(value, context, meter) {
        const subject = subjectArn(value);
        return anyOf(patterns, (pattern) => pattern.matches(subject, context, meter));
      },
    };
  },
};

export const numeric = (accepts: (value: number, listed: number) => boolean): ValueFamily => comparison(parseNumber, accepts);
export const date = (accepts: (value: number, listed: number) => boolean): ValueFamily => comparison(parseDate, accepts);

export const bool: ValueFamily = {
  isValid: isBoolean,
  compile(values) {
    const listed = new Set(values.map(lowerCase));
    return { requiredKeys: [], test: (value) => listed.has(value.toLowerCase()) };
  },
};

export const binary: ValueFamily = {
  isValid: (value) => BASE64.test(value),
  compile(values) {
    const listed = new Set(values.map(canonicalBase64));
    return { requiredKeys: [], test: (value) => BASE64.test(value) && listed.has(canonicalBase64(value)) };
  },
};

export const ipAddress: ValueFamily = {
  isValid: isAddressRange,
  compile(values) {
    const ranges = new AddressRanges(values);
    return { requiredKeys: [], test: (value) => ranges.has(value) };
  },
};

export function isBoolean(value: string): boolean {
  return value.toLowerCase() === 'true' || value.toLowerCase() === 'false';
}

function texts(fold: (text: string) => string, wildcards: boolean): ValueFamily {
  return {
    compile(values, variables) {
      const fixed = new Set<string>();
      const patterns: Wildcard[] = [];
      const open: (readonly TemplatePart[])[] = [];
      for (const value of values) {
        const parts = parseTemplate(value, { variables, wildcards });
        if (parts.some(isVariable)) open.push(parts);
        else if (parts.every((part) => typeof part === 'string')) fixed.add(fold(parts.join('')));
        else patterns.push(new Wildcard(parts as ConstructorParameters<typeof Wildcard>[0]));
      }
      return {
        requiredKeys: open.flatMap((parts) => requiredKeys(variablesOf(parts))),
        test(value, context, meter) {
          const folded = fold(value);
          if (fixed.has(folded) || patterns.some((pattern) => pattern.matches(folded, meter))) return true;
          if (open.length === 0) return false;
          return anyOf(open, (parts) => {
            if (!areResolvable(variablesOf(parts), context)) return undefined;
            return new Wildcard(resolve(parts, context).map((part) => (typeof part === 'string' ? fold(part) : part))).matches(
              folded,
              meter,
            );
          });
        },
      };
    },
  };
}

function comparison(
  parse: (text: string) => number | undefined,
  accepts: (value: number, listed: number) => boolean,
): ValueFamily {
  return {
    isValid: (value) => parse(value) !== undefined,
    compile(values) {
      const listed = values.map((value) => parse(value)!);
      return {
        requiredKeys: [],
        test(text) {
          const value = parse(text);
          return value !== undefined && listed.some((one) => accepts(value, one));
        },
      };
    },
  };
}

function anyOf<T>(items: readonly T[], test: (item: T) => boolean | undefined): boolean | undefined {
  let outcome: boolean | undefined = false;
  for (const item of items) {
    const matched = test(item);
    if (matched === true) return true;
    if (matched === undefined) outcome = undefined;
  }
  return outcome;
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
/** ISO 8601 as W3C profiles it (https://www.w3.org/TR/NOTE-datetime), from the month on: a year alone reads as seconds. */
const ISO_DATE = /^\d{4}-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?$/;
const EPOCH_SECONDS = /^[+-]?\d{1,15}(?:\.\d{1,9})?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function parseNumber(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** @returns milliseconds since the epoch */
function parseDate(text: string): number | undefined {
  if (EPOCH_SECONDS.test(text)) return Number(text) * 1000;
  if (!ISO_DATE.test(text)) return undefined;
  // A time without a zone is UTC in policies, local time in JavaScript.
  const zoned = text.includes('T') && !/(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(text.indexOf('T'))) ? `${text}Z` : text;
  const parsed = Date.parse(
    zoned.replace(/([+-]\d{2})(\d{2})$/, (match, hours: string, minutes: string) =>
      text.includes('T') ? `${hours}:${minutes}` : match,
    ),
  );
  return Number.isNaN(parsed) ? undefined : parsed;
}

function canonicalBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('base64');
}

import type { ConditionKeys } from './request-context.js';
import {
  arnLike,
  binary,
  bool,
  date,
  ipAddress,
  isBoolean,
  numeric,
  stringEquals,
  stringEqualsIgnoreCase,
  stringLike,
  type ValueFamily,
  type ValueTest,
} from './value-tests.js';
import type { Meter } from './wildcard.js';

/** How the values of a request's key are taken together. `single`: the operator has no prefix. */
export type SetOperator = 'single' | 'ForAllValues' | 'ForAnyValue';

export interface Operator {
  /** As the policy has it. */
  name: string;
  family: ValueFamily | 'null';
  negated: boolean;
  ifExists: boolean;
  set: SetOperator;
}

const less = (value: number, listed: number): boolean => value < listed;
const lessOrEqual = (value: number, listed: number): boolean => value <= listed;
const greater = (value: number, listed: number): boolean => value > listed;
const greaterOrEqual = (value: number, listed: number): boolean => value >= listed;
const equal = (value: number, listed: number): boolean => value === listed;

/** Every operator of the policy language but Null (spec/iam-and-sts.md 3). A negated one is true when no listed value matches. */
const FAMILIES: Readonly<Record<string, readonly [family: ValueFamily, negated: boolean]>> = {
  StringEquals: [stringEquals, false],
  StringNotEquals: [stringEquals, true],
  StringEqualsIgnoreCase: [stringEqualsIgnoreCase, false],
  StringNotEqualsIgnoreCase: [stringEqualsIgnoreCase, true],
  StringLike: [stringLike, false],
  StringNotLike: [stringLike, true],
  NumericEquals: [numeric(equal), false],
  NumericNotEquals: [numeric(equal), true],
  NumericLessThan: [numeric(less), false],
  NumericLessThanEquals: [numeric(lessOrEqual), false],
  NumericGreaterThan: [numeric(greater), false],
  NumericGreaterThanEquals: [numeric(greaterOrEqual), false],
  DateEquals: [date(equal), false],
  DateNotEquals: [date(equal), true],
  DateLessThan: [date(less), false],
  DateLessThanEquals: [date(lessOrEqual), false],
  DateGreaterThan: [date(greater), false],
  DateGreaterThanEquals: [date(greaterOrEqual), false],
  Bool: [bool, false],
  BinaryEquals: [binary, false],
  IpAddress: [ipAddress, false],
  NotIpAddress: [ipAddress, true],
  ArnEquals: [arnLike, false],
  ArnNotEquals: [arnLike, true],
  ArnLike: [arnLike, false],
  ArnNotLike: [arnLike, true],
};

const IF_EXISTS = 'IfExists';

/** @returns undefined when there is no such operator */
export function parseOperator(name: string): Operator | undefined {
  const colon = name.indexOf(':');
  const set = colon < 0 ? 'single' : name.slice(0, colon);
  if (set !== 'single' && set !== 'ForAllValues' && set !== 'ForAnyValue') return undefined;
  const rest = name.slice(colon + 1);
  // Null asks whether the key is there: neither a set of values nor IfExists has a meaning with it.
  if (rest === 'Null' && colon < 0) return { name, family: 'null', negated: false, ifExists: false, set };
  const ifExists = rest.endsWith(IF_EXISTS);
  const base = ifExists ? rest.slice(0, -IF_EXISTS.length) : rest;
  if (!Object.hasOwn(FAMILIES, base) || (colon >= 0 && name.slice(0, colon) === 'single')) return undefined;
  const [family, negated] = FAMILIES[base]!;
  return { name, family, negated, ifExists, set };
}

/** One operator with one key. */
export interface Condition {
  operator: string;
  /** As the policy has it. */
  key: string;
  /** Lower case: the key, and those of variables in its values. */
  requiredKeys: readonly string[];
  holds(context: ConditionKeys, meter?: Meter): boolean;
}

/** @param variables the policy's version knows variables */
export function compileCondition(operator: Operator, key: string, values: readonly string[], variables: boolean): Condition {
  const lowerKey = key.toLowerCase();
  const named = { operator: operator.name, key };
  if (operator.family === 'null') {
    const accepted = new Set(values.map((value) => value.toLowerCase()));
    return {
      ...named,
      requiredKeys: [],
      holds: (context) => accepted.has(context.values(lowerKey) === undefined ? 'true' : 'false'),
    };
  }
  const listed = operator.family.compile(values, variables);
  return {
    ...named,
    requiredKeys: [lowerKey, ...listed.requiredKeys],
    holds: (context, meter) => holds(operator, listed, context.values(lowerKey), context, meter),
  };
}

/**
 * A key the request lacks: IfExists makes any operator true, ForAllValues is true of no values at all, a negated operator is true,
 * and everything else false. A value whose variable has no value matches nothing, and a negated operator that depends on it is false:
 * in both directions the statement does not match.
 */
function holds(
  operator: Operator,
  listed: ValueTest,
  values: readonly string[] | undefined,
  context: ConditionKeys,
  meter: Meter | undefined,
): boolean {
  const { negated, set } = operator;
  if (values === undefined) return operator.ifExists || set === 'ForAllValues' || (set === 'single' && negated);
  const accepts = (value: string): boolean => listed.test(value, context, meter) === !negated;
  const all = set === 'ForAllValues' || (set === 'single' && negated);
  return all ? values.every(accepts) : values.some(accepts);
}

export function isValidFor(operator: Operator, value: string): boolean {
  return operator.family === 'null' ? isBoolean(value) : (operator.family.isValid?.(value) ?? true);
}

/** Whether a policy could list the value for an operator: `2026-01-01` for DateEquals. */
export function isConditionValue(operatorName: string, value: string): boolean {
  const operator = parseOperator(operatorName);
  return operator !== undefined && isValidFor(operator, value);
}

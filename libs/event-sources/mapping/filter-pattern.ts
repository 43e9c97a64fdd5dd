/** Most filters of one mapping. */
export const MAX_FILTERS = 5;
const MAX_DEPTH = 100;
const RULES = new Set(['prefix', 'suffix', 'anything-but', 'numeric', 'exists', 'equals-ignore-case', 'wildcard', 'cidr']);

/**
 * Whether a text is a filter pattern: an object whose leaves are non-empty lists of values and rules (`{"body":{"a":["x",{"prefix":"y"}]}}`).
 */
export function isFilterPattern(text: string): boolean {
  try {
    const pattern: unknown = JSON.parse(text);
    return isObject(pattern) && isNode(pattern, 0);
  } catch {
    // Not JSON: no pattern.
    return false;
  }
}

function isNode(node: Record<string, unknown>, depth: number): boolean {
  const entries = Object.entries(node);
  if (depth > MAX_DEPTH || entries.length === 0) return false;
  return entries.every(([name, value]) => {
    if (name === '$or') return Array.isArray(value) && value.length > 1 && value.every((each) => isObject(each) && isNode(each, depth + 1));
    if (Array.isArray(value)) return value.length > 0 && value.every(isCondition);
    return isObject(value) && isNode(value, depth + 1);
  });
}

function isCondition(condition: unknown): boolean {
  if (!isObject(condition)) return !Array.isArray(condition);
  const [rule, ...others] = Object.entries(condition);
  if (rule === undefined || others.length > 0 || !RULES.has(rule[0])) return false;
  switch (rule[0]) {
    case 'exists':
      return typeof rule[1] === 'boolean';
    case 'numeric':
      return isRange(rule[1]);
    case 'anything-but':
      return isObject(rule[1]) ? isCondition(rule[1]) : Array.isArray(rule[1]) ? rule[1].length > 0 : true;
    default:
      return typeof rule[1] === 'string';
  }
}

/** `["=", 1]` or `[">", 0, "<=", 5]` */
function isRange(range: unknown): boolean {
  if (!Array.isArray(range) || (range.length !== 2 && range.length !== 4)) return false;
  return range.every((part, index) => (index % 2 === 0 ? ['=', '<', '<=', '>', '>='].includes(part as string) : typeof part === 'number'));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { shapeOf, type ServiceModel, type Shape } from '../rest-json/service-model.js';

/**
 * Every way to break one constraint of an operation's input, derived from the published model and written without the validator:
 * a valid input, one value changed, and the sentence that must be in the answer (spec/lambda-api.md 2.1).
 */
export interface ViolationCase {
  /** `functionName required`, `tags.1.member.key length <= 128` */
  name: string;
  input: Record<string, unknown>;
  /** A part of the answer's text. */
  expected: string;
  /** Path of member names down to what is broken; its first step says where on the wire it travels. */
  member: string;
  /** The value as the wire would carry it, to leave out what a location cannot carry. */
  value: unknown;
}

/** Longer values than this are not made: they would test the test machine's memory. */
const MAX_MADE_LENGTH = 300_000;
const MAX_DEPTH = 8;

/** Tried in order until one satisfies a pattern and a length. */
const CANDIDATES = [
  'a', 'aa', 'abc', 'a1', '1', '12', '000000000000', '$LATEST', '/', '/a/', 'a/b', '*', 'a:b', 'x@y', '{}', 'lambda:InvokeFunction', 'lambda:GetLayerVersion', 'us-east-1', 'ALL', 'v1',
  'arn:aws:iam::000000000000:role/r', 'arn:aws:iam::000000000000:root', 'arn:aws:lambda:us-east-1:000000000000:function:f', 'arn:aws:lambda:us-east-1:000000000000:function:f:1',
  'arn:aws:lambda:us-east-1:000000000000:layer:l:1', 'arn:aws:lambda:us-east-1:000000000000:layer:l', 'arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-aaaaaaaaaaaaaaaaa',
  'arn:aws:lambda:us-east-1:000000000000:capacity-provider:c', `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-0000-0000-000000000000`,
  'arn:aws:lambda:us-east-1:000000000000:function:f:1/durable-execution/e/00000000-0000-0000-0000-000000000000', 'arn:aws:lambda:us-east-1::runtime:' + 'a'.repeat(64),
  'arn:aws:sqs:us-east-1:000000000000:q', 'arn:aws:kms:us-east-1:000000000000:key/k', 'arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/v',
  'arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-00000000000000000', 'arn:aws:secretsmanager:us-east-1:000000000000:secret:s', 'arn:aws:logs:us-east-1:000000000000:log-group:g',
  '/mnt/a', 'o-aaaaaaaaaa', 'sg-a', 'subnet-a', '00000000-0000-0000-0000-000000000000', 'abc.de', 'https://a.b', 's3://bucket/key', 'aaaaaaaaaaaaaaaa', 'AKIAAAAAAAAAAAAAAAAA', '1.2.3.4',
  'host:9092', 'o-aaaaaaaaaa/r-aaaa', 'p-aaaaaaaa', '1.0', 'https://a.com', 'vpce-0a', 'arn:aws:lambda:us-east-1:000000000000:runtime/aaaaaaaa', 'csc-aaaaaaaaaaaaaaaaa',
  'arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/a',
];
/** Tried until one breaks a pattern. */
const BREAKERS = ['!', ' ', '\u00fc', '#', 'a b', '\u0007', '-', '0', ':', '\ud83d\ude00', 'http//'];

export function violationCases(model: ServiceModel, operation: string): ViolationCase[] {
  const shapeName = model.operations[operation]!.input?.shape;
  if (shapeName === undefined) return [];
  const cases: ViolationCase[] = [];
  const base = validValue(model, shapeName, []) as Record<string, unknown>;
  walkStructure(model, shapeName, '', [], (path, broken, expected, name) => {
    const input = withValue(model, shapeName, base, path, broken) as Record<string, unknown>;
    cases.push({ name, input, expected, member: String(path[0]), value: broken });
  });
  return cases;
}

/** Required members only, every constraint kept. @throws Error when no candidate satisfies a pattern: add one */
export function validInput(model: ServiceModel, operation: string): Record<string, unknown> {
  const shapeName = model.operations[operation]!.input?.shape;
  return shapeName === undefined ? {} : (validValue(model, shapeName, []) as Record<string, unknown>);
}

type Step = string | number;
/** @param broken undefined removes the value */
type Emit = (path: readonly Step[], broken: unknown, expected: string, name: string) => void;

function walkStructure(model: ServiceModel, shapeName: string, at: string, path: readonly Step[], emit: Emit): void {
  if (path.length > MAX_DEPTH) return;
  const shape = shapeOf(model, shapeName);
  for (const name of shape.required ?? []) {
    const place = joined(at, name);
    emit([...path, name], undefined, `Value null at '${place}' failed to satisfy constraint: Member must not be null`, `${place} required`);
  }
  for (const [name, member] of Object.entries(shape.members ?? {})) walk(model, member.shape, joined(at, name), [...path, name], emit);
}

function walk(model: ServiceModel, shapeName: string, at: string, path: readonly Step[], emit: Emit): void {
  const shape = shapeOf(model, shapeName);
  const own = (broken: unknown, text: string, what: string): void => {
    const shown = shape.sensitive === true ? '' : typeof broken === 'string' || typeof broken === 'number' ? `Value '${broken}' ` : '';
    emit(path, broken, `${shown}at '${at}' failed to satisfy constraint: ${text}`, `${at} ${what}`);
  };
  for (const { broken, text, what } of brokenValues(model, shapeName)) own(broken, text, what);
  if (path.length > MAX_DEPTH) return;
  if (shape.type === 'structure') walkStructure(model, shapeName, at, path, emit);
  if (shape.type === 'list') {
    const element = shape.member!.shape;
    if (nested(shapeOf(model, element))) walk(model, element, `${at}.1.member`, [...path, 0], emit);
    else inCompany(model, element, 'Member must satisfy constraint', at, (broken, text, what) => emit([...path, 0], broken, text, what));
  }
  if (shape.type === 'map') {
    const key = validValue(model, shape.key!.shape, []) as string;
    const element = shape.value!.shape;
    inCompany(model, shape.key!.shape, 'Map keys must satisfy constraint', at, (broken, text, what) => {
      emit(path, { [broken as string]: validValue(model, element, []) }, text, what);
    });
    if (nested(shapeOf(model, element))) walk(model, element, `${at}.${key}.member`, [...path, key], emit);
    else inCompany(model, element, 'Map value must satisfy constraint', at, (broken, text, what) => emit([...path, key], broken, text, what));
  }
}

/** Elements of lists and maps are refused together, naming all that they had to satisfy. */
function inCompany(model: ServiceModel, shapeName: string, lead: string, at: string, emit: (broken: unknown, text: string, what: string) => void): void {
  const shape = shapeOf(model, shapeName);
  const noun = numeric(shape) ? 'value' : 'length';
  const texts = [
    shape.max === undefined ? [] : [`Member must have ${noun} less than or equal to ${shape.max}`],
    shape.min === undefined ? [] : [`Member must have ${noun} greater than or equal to ${shape.min}`],
    shape.pattern === undefined ? [] : [`Member must satisfy regular expression pattern: ${shape.pattern}`],
    shape.enum === undefined ? [] : [`Member must satisfy enum value set: [${shape.enum.join(', ')}]`],
  ].flat();
  for (const { broken, what } of brokenValues(model, shapeName)) emit(broken, `at '${at}' failed to satisfy constraint: ${lead}: [${texts.join(', ')}]`, `${at} (${lead}) ${what}`);
}

interface Broken {
  broken: unknown;
  text: string;
  what: string;
}

function brokenValues(model: ServiceModel, shapeName: string): Broken[] {
  const shape = shapeOf(model, shapeName);
  const { min, max, pattern } = shape;
  const found: Broken[] = [];
  const noun = numeric(shape) ? 'value' : 'length';
  const add = (broken: unknown, text: string, what: string): void => void found.push({ broken, text, what });
  if (max !== undefined && (numeric(shape) || max < MAX_MADE_LENGTH)) {
    const value = sized(model, shape, max + 1);
    if (value !== undefined) add(value, `Member must have ${noun} less than or equal to ${max}`, `${noun} <= ${max}`);
  }
  if (min !== undefined && (numeric(shape) || min > 0)) {
    const value = sized(model, shape, min - 1);
    if (value !== undefined) add(value, `Member must have ${noun} greater than or equal to ${min}`, `${noun} >= ${min}`);
  }
  if (pattern !== undefined) {
    const whole = javaPattern(pattern);
    const candidates = BREAKERS.map((text) => text.padEnd(Math.max(min ?? 0, text.length), text)).filter((text) => text.length <= (max ?? Infinity));
    const breaker = candidates.find((text) => !whole.test(text));
    if (breaker !== undefined) add(breaker, `Member must satisfy regular expression pattern: ${pattern}`, 'pattern');
  }
  if (shape.enum !== undefined) add('not-of-this-set', `Member must satisfy enum value set: [${shape.enum.join(', ')}]`, 'enum');
  return found;
}

function sized(model: ServiceModel, shape: Shape, size: number): unknown {
  switch (shape.type) {
    case 'string':
      return 'a'.repeat(size);
    case 'blob':
      return Buffer.alloc(size, 1);
    case 'list':
      return size > 5_000 ? undefined : Array.from({ length: size }, () => validValue(model, shape.member!.shape, []));
    case 'map':
      return size > 5_000 ? undefined : Object.fromEntries(Array.from({ length: size }, (_, index) => [`k${index}`, validValue(model, shape.value!.shape, [])]));
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return size;
    default:
      return undefined;
  }
}

function validValue(model: ServiceModel, shapeName: string, above: readonly string[]): unknown {
  const shape = shapeOf(model, shapeName);
  if (above.filter((name) => name === shapeName).length > 2) return {};
  const inside = [...above, shapeName];
  switch (shape.type) {
    case 'structure':
      return Object.fromEntries(membersToFill(model, shape, above.length > 0).map((name) => [name, validValue(model, shape.members![name]!.shape, inside)]));
    case 'list':
      return Array.from({ length: Math.max(shape.min ?? 0, 1) }, () => validValue(model, shape.member!.shape, inside));
    case 'map':
      return Object.fromEntries(Array.from({ length: Math.max(shape.min ?? 0, 1) }, () => [validValue(model, shape.key!.shape, inside), validValue(model, shape.value!.shape, inside)]));
    case 'string':
      return validText(shapeName, shape);
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return shape.min ?? Math.min(1, shape.max ?? 1);
    case 'boolean':
      return true;
    case 'timestamp':
      return new Date(1_767_323_045_000);
    case 'blob':
      return Buffer.alloc(shape.min ?? 1, 1);
  }
}

/** The query protocol cannot carry a structure without members: one scalar is given then. */
function membersToFill(model: ServiceModel, shape: Shape, isInner: boolean): readonly string[] {
  const required = shape.required ?? [];
  if (required.length > 0 || !isInner || model.metadata.protocol !== 'query') return required;
  return Object.entries(shape.members ?? {})
    .filter(([, member]) => !nested(shapeOf(model, member.shape)))
    .map(([name]) => name)
    .slice(0, 1);
}

function validText(shapeName: string, shape: Shape): string {
  if (shape.enum !== undefined) return shape.enum[0]!;
  const { min = 0, max = Infinity } = shape;
  const whole = shape.pattern === undefined ? /^/ : javaPattern(shape.pattern);
  const fits = (text: string): boolean => text.length >= min && text.length <= max && whole.test(text);
  const found = CANDIDATES.find(fits) ?? CANDIDATES.map((text) => text.padEnd(min, text)).find(fits) ?? CANDIDATES.map((text) => text.padEnd(min, 'a')).find(fits);
  if (found === undefined) throw new Error(`No candidate satisfies ${shapeName}: ${shape.pattern} of length ${min} to ${max}`);
  return found;
}

/** The value at a path, with whatever must be there around it. */
function withValue(model: ServiceModel, shapeName: string, given: unknown, path: readonly Step[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const shape = shapeOf(model, shapeName);
  const inner = shape.type === 'structure' ? shape.members![step]!.shape : shape.type === 'list' ? shape.member!.shape : shape.value!.shape;
  const base = (given ?? validValue(model, shapeName, [])) as Record<Step, unknown>;
  const changed = withValue(model, inner, base[step], rest, value);
  if (shape.type === 'list') return [changed, ...(base as unknown as unknown[]).slice(1)];
  const copy = { ...base };
  if (changed === undefined) delete copy[step];
  else copy[step] = changed;
  return copy;
}

function nested(shape: Shape): boolean {
  return shape.type === 'structure' || shape.type === 'list' || shape.type === 'map';
}

function numeric(shape: Shape): boolean {
  return ['integer', 'long', 'float', 'double'].includes(shape.type);
}

function joined(at: string, name: string): string {
  const lower = name.charAt(0).toLowerCase() + name.slice(1);
  return at === '' ? lower : `${at}.${lower}`;
}

function javaPattern(pattern: string): RegExp {
  const translated = pattern
    .replaceAll(String.raw`\p{IsAlphabetic}`, String.raw`\p{Alphabetic}`)
    .replaceAll(String.raw`\p{Print}`, '[ -~]')
    .replaceAll(String.raw`\uD800\uDC00-\uDBFF\uDFFF`, String.raw`\u{10000}-\u{10FFFF}`);
  return new RegExp(`^(?:${translated})$`, /\\[pP]\{|\\u\{/.test(translated) ? 'u' : '');
}

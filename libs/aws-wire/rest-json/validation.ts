import { ServiceError } from '@hearth/kernel';
import { compileJavaPattern } from './java-pattern.js';
import { shapeOf, type ServiceModel, type Shape } from './service-model.js';

/** Longer values are not matched against patterns: their length is refused anyway, and a pattern must not be a way to burn CPU. */
const MAX_PATTERN_INPUT = 65_536;

/** Most violations reported in one answer. */
const MAX_REPORTED = 100;

/**
 * Checks decoded input against required members, lengths, ranges, patterns and enums of the model, in the words of Lambda's
 * request framework (spec/lambda-api.md 2.1).
 */
export class InputValidator {
  private readonly patterns = new Map<string, RegExp>();

  private readonly enumsCheckedElsewhere: ReadonlySet<string>;
  private readonly errorCode: string;

  constructor(
    private readonly model: ServiceModel,
    options: {
      /** Paths of members (`runtime`) whose enum the service answers for with an error of its own. */
      enumsCheckedElsewhere?: ReadonlySet<string>;
      /** Default ValidationException. */
      errorCode?: string;
    } = {},
  ) {
    this.enumsCheckedElsewhere = options.enumsCheckedElsewhere ?? new Set();
    this.errorCode = options.errorCode ?? 'ValidationException';
    for (const shape of Object.values(model.shapes)) {
      if (shape.pattern !== undefined && !this.patterns.has(shape.pattern)) this.patterns.set(shape.pattern, compileJavaPattern(shape.pattern));
    }
  }

  /** @throws ServiceError with the service's code for broken constraints */
  validate(shapeName: string, input: Record<string, unknown>): void {
    const violations: string[] = [];
    this.structure(shapeOf(this.model, shapeName), input, '', violations);
    if (violations.length === 0) return;
    const noun = violations.length === 1 ? 'error' : 'errors';
    throw new ServiceError(this.errorCode, 400, `${violations.length} validation ${noun} detected: ${violations.slice(0, MAX_REPORTED).join('; ')}`, {
      fault: null,
      messageMember: 'message',
    });
  }

  private structure(shape: Shape, value: Record<string, unknown>, path: string, violations: string[]): void {
    for (const name of shape.required ?? []) {
      if (value[name] === undefined) violations.push(`Value null at '${join(path, name)}' failed to satisfy constraint: Member must not be null`);
    }
    for (const [name, member] of Object.entries(shape.members ?? {})) {
      const given = value[name];
      if (given !== undefined) this.value(member.shape, given, join(path, name), violations);
    }
  }

  private value(shapeName: string, value: unknown, path: string, violations: string[]): void {
    const shape = shapeOf(this.model, shapeName);
    for (const text of this.broken(shape, value, this.enumsCheckedElsewhere.has(path))) violations.push(violation(shape, value, path, text));
    if (shape.type === 'structure') this.structure(shape, value as Record<string, unknown>, path, violations);
    else if (shape.type === 'list') this.list(shape, value as unknown[], path, violations);
    else if (shape.type === 'map') this.map(shape, value as Record<string, unknown>, path, violations);
  }

  private list(shape: Shape, items: unknown[], path: string, violations: string[]): void {
    const element = shapeOf(this.model, shape.member!.shape);
    if (isNested(element)) {
      items.forEach((item, index) => this.value(shape.member!.shape, item, `${path}.${index + 1}.member`, violations));
    } else if (items.some((item) => this.broken(element, item).length > 0)) {
      const constraints = constraintsOf(element);
      violations.push(violation({ ...shape, sensitive: shape.sensitive ?? element.sensitive }, items, path, `Member must satisfy constraint: [${constraints.join(', ')}]`));
    }
  }

  private map(shape: Shape, entries: Record<string, unknown>, path: string, violations: string[]): void {
    const key = shapeOf(this.model, shape.key!.shape);
    const element = shapeOf(this.model, shape.value!.shape);
    const shown = { ...shape, sensitive: shape.sensitive ?? key.sensitive ?? element.sensitive };
    if (Object.keys(entries).some((name) => this.broken(key, name).length > 0)) {
      violations.push(violation(shown, entries, path, `Map keys must satisfy constraint: [${constraintsOf(key).join(', ')}]`));
    }
    if (isNested(element)) {
      for (const [name, value] of Object.entries(entries)) this.value(shape.value!.shape, value, `${path}.${name}.member`, violations);
    } else if (Object.values(entries).some((value) => this.broken(element, value).length > 0)) {
      violations.push(violation(shown, entries, path, `Map value must satisfy constraint: [${constraintsOf(element).join(', ')}]`));
    }
  }

  /** Texts of the constraints that this value breaks. */
  private broken(shape: Shape, value: unknown, skipEnum = false): string[] {
    const size = measure(shape, value);
    const noun = isNumber(shape) ? 'value' : 'length';
    const texts: string[] = [];
    if (size !== undefined && shape.max !== undefined && size > shape.max) texts.push(`Member must have ${noun} less than or equal to ${shape.max}`);
    if (size !== undefined && shape.min !== undefined && size < shape.min) texts.push(`Member must have ${noun} greater than or equal to ${shape.min}`);
    if (shape.pattern !== undefined && typeof value === 'string' && value.length <= MAX_PATTERN_INPUT && !this.patterns.get(shape.pattern)!.test(value)) {
      texts.push(`Member must satisfy regular expression pattern: ${shape.pattern}`);
    }
    if (shape.enum !== undefined && !skipEnum && !shape.enum.includes(value as string)) {
      texts.push(`Member must satisfy enum value set: [${shape.enum.join(', ')}]`);
    }
    return texts;
  }
}

/** Texts of all constraints of a shape: lists and maps name every one for their elements. */
function constraintsOf(shape: Shape): string[] {
  const noun = isNumber(shape) ? 'value' : 'length';
  return [
    ...(shape.max === undefined ? [] : [`Member must have ${noun} less than or equal to ${shape.max}`]),
    ...(shape.min === undefined ? [] : [`Member must have ${noun} greater than or equal to ${shape.min}`]),
    ...(shape.pattern === undefined ? [] : [`Member must satisfy regular expression pattern: ${shape.pattern}`]),
    ...(shape.enum === undefined ? [] : [`Member must satisfy enum value set: [${shape.enum.join(', ')}]`]),
  ];
}

function violation(shape: Shape, value: unknown, path: string, text: string): string {
  // Values of sensitive shapes (environment, code) are not echoed.
  return `Value ${shape.sensitive ? '' : `'${show(value)}' `}at '${path}' failed to satisfy constraint: ${text}`;
}

function join(path: string, member: string): string {
  const name = lowerCamel(member);
  return path === '' ? name : `${path}.${name}`;
}

/** `FunctionName` -> `functionName`, `KMSKeyArn` -> `kMSKeyArn`, `UUID` -> `uUID`: only the first letter changes. */
function lowerCamel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (value instanceof Uint8Array || value instanceof Date) return String(value);
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([key, item]) => `${key}=${show(item)}`).join(', ')}}`;
  return String(value);
}

function measure(shape: Shape, value: unknown): number | undefined {
  switch (shape.type) {
    case 'string':
      return (value as string).length;
    case 'blob':
      return (value as Uint8Array).byteLength;
    case 'list':
      return (value as unknown[]).length;
    case 'map':
      return Object.keys(value as object).length;
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return value as number;
    case 'structure':
    case 'boolean':
    case 'timestamp':
      return undefined;
  }
}

function isNumber(shape: Shape): boolean {
  return shape.type === 'integer' || shape.type === 'long' || shape.type === 'float' || shape.type === 'double';
}

function isNested(shape: Shape): boolean {
  return shape.type === 'structure' || shape.type === 'list' || shape.type === 'map';
}

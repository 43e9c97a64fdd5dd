import type { Member, ServiceModel, Shape } from '@hearth/aws-wire';

export type Schema = Record<string, unknown>;

/** JSON schemas of the model's shapes, as the bodies of rest-json carry them (OpenAPI 3.1 speaks JSON Schema 2020-12). */
export class SchemaBook {
  /** By shape name; grows as shapes are referred to. */
  readonly schemas: Record<string, Schema> = {};

  constructor(private readonly model: ServiceModel) {}

  refer(shapeName: string): Schema {
    if (!Object.hasOwn(this.schemas, shapeName)) {
      const schema: Schema = {};
      // Known before it is filled: shapes refer to each other in circles.
      this.schemas[shapeName] = schema;
      Object.assign(schema, this.schemaOf(this.shape(shapeName)));
    }
    return { $ref: `#/components/schemas/${shapeName}` };
  }

  /** For members outside the body, where timestamps are text. */
  parameter(shapeName: string): Schema {
    const shape = this.shape(shapeName);
    return shape.type === 'timestamp' ? { type: 'string', format: 'date-time' } : this.schemaOf(shape);
  }

  /** Members that travel in the body, and those of them that must be there. */
  object(members: Record<string, Member>, required: readonly string[]): Schema {
    const inBody = Object.entries(members).filter(([, { location }]) => location === undefined);
    const properties = Object.fromEntries(inBody.map(([name, { locationName, shape }]) => [locationName ?? name, this.refer(shape)]));
    const needed = inBody.filter(([name]) => required.includes(name)).map(([name, { locationName }]) => locationName ?? name);
    return { type: 'object', properties, ...(needed.length > 0 ? { required: needed } : {}) };
  }

  shape(name: string): Shape {
    const shape = this.model.shapes[name];
    if (shape === undefined) throw new Error(`The service model has no shape ${name}`);
    return shape;
  }

  private schemaOf(shape: Shape): Schema {
    switch (shape.type) {
      case 'structure':
        return this.object(shape.members ?? {}, shape.required ?? []);
      case 'list':
        return defined({ type: 'array', items: this.refer(shape.member!.shape), minItems: shape.min, maxItems: shape.max });
      case 'map':
        return defined({ type: 'object', propertyNames: this.refer(shape.key!.shape), additionalProperties: this.refer(shape.value!.shape), minProperties: shape.min, maxProperties: shape.max });
      case 'string':
        return defined({ type: 'string', enum: shape.enum, minLength: shape.min, maxLength: shape.max, pattern: shape.pattern === undefined ? undefined : wholeValue(shape.pattern), format: shape.sensitive ? 'password' : undefined });
      case 'integer':
      case 'long':
        return defined({ type: 'integer', format: shape.type === 'long' ? 'int64' : 'int32', minimum: shape.min, maximum: shape.max });
      case 'float':
      case 'double':
        return defined({ type: 'number', format: shape.type, minimum: shape.min, maximum: shape.max });
      case 'boolean':
        return { type: 'boolean' };
      case 'timestamp':
        return { type: 'number', description: 'Seconds since the epoch, with fractions.' };
      case 'blob':
        return { type: 'string', contentEncoding: 'base64' };
    }
  }
}

/** Patterns of the model hold for the whole value; JSON Schema's search in it. */
function wholeValue(pattern: string): string {
  return `^(?:${pattern.replaceAll(String.raw`\p{IsAlphabetic}`, String.raw`\p{Alphabetic}`)})$`;
}

export function defined(schema: Record<string, unknown>): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}

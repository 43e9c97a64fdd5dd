import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';

interface Validator {
  (value: unknown): boolean;
  errors?: { instancePath: string; message?: string; keyword: string }[] | null;
}
interface Ajv2020 {
  compile(schema: object): Validator;
  addSchema(schema: object, key: string): void;
  addFormat(name: string, format: RegExp | true): void;
}

/** JSON Schema 2020-12 from Fastify's own validator (Ajv 8); the Ajv at the top of node_modules is ESLint's and older. */
export function jsonSchema(): Ajv2020 {
  const fromRoot = createRequire(join(projectRoot(), 'package.json'));
  const Ajv = createRequire(fromRoot.resolve('@fastify/ajv-compiler'))('ajv/dist/2020.js') as { default: new (options: object) => Ajv2020 };
  const ajv = new Ajv.default({ strict: false, allErrors: true });
  for (const format of ['int32', 'int64', 'float', 'double', 'password', 'date-time', 'uri', 'uri-reference', 'media-range', 'email', 'regex']) ajv.addFormat(format, true);
  return ajv;
}

/** What the OpenAPI Initiative's schema has against the document, one line each. */
export function faultsOf(document: unknown): string[] {
  const schema = JSON.parse(readFileSync(join(projectRoot(), 'libs/api-server/reference/testing/openapi-3.1.schema.json'), 'utf8')) as object;
  const validate = jsonSchema().compile(schema);
  return validate(document) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}

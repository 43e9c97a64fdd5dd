import { lambdaService } from '@hearth/aws-wire';
import { apiReference } from './api-reference.js';
import { openApiDocument } from './openapi-document.js';

const { model } = lambdaService();
const options = { title: 't', server: '/', region: 'us-east-1', implemented: new Set(['Invoke']) };
const document = openApiDocument(model, options);

describe('the OpenAPI document', () => {
  it('has every operation of the model once, with its state', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(model.operations).sort());
    expect(operations.filter((operation) => operation['x-hearth-implemented']).map(({ operationId }) => operationId)).toEqual(['Invoke']);
  });

  it('refers to nothing that is not there, and every pattern is one of JSON Schema', () => {
    const text = JSON.stringify(document);
    const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!);
    expect(names.filter((name) => !Object.hasOwn(document.components.schemas, name))).toEqual([]);
    for (const [, pattern] of text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)) {
      const source = JSON.parse(pattern!) as string;
      expect(() => new RegExp(source, /\\[pP]\{/.test(source) ? 'u' : '')).not.toThrow();
    }
  });

  it('declares each label of a path, and tells where every other member travels', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const { parameters = [] } of Object.values(methods)) {
        const labels = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
        expect(parameters.filter((parameter) => parameter['in'] === 'path').map((parameter) => parameter['name']).sort()).toEqual(labels);
      }
    }
    const create = document.paths['/2015-03-31/functions']!['post']!;
    expect(create.requestBody).toMatchObject({ required: true, content: { 'application/json': { schema: { type: 'object', required: ['FunctionName', 'Role', 'Code'] } } } });
    expect(document.components.schemas['MemorySize']).toEqual({ type: 'integer', format: 'int32', minimum: 128, maximum: 32_768 });
    expect(create.responses['409']).toMatchObject({ description: 'ResourceConflictException' });
  });
});

it('the reference page shows every operation and loads nothing from elsewhere', () => {
  const page = apiReference(model, options).page();
  for (const name of Object.keys(model.operations)) expect(page).toContain(`<section id="${name}">`);
  expect(page).not.toMatch(/<script|<link|<img|src=|url\(|https?:\/\//);
});

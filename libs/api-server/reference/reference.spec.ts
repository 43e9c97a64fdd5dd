import { hash } from 'node:crypto';
import { lambdaService } from '@hearth/aws-wire';
import { apiReference } from './api-reference.js';
import { openApiDocument, type OpenApiDocument, type OpenApiOperation } from './openapi-document.js';
import { CONTENT_SECURITY_POLICY } from './reference-appearance.js';
import { faultsOf, jsonSchema } from './testing/openapi-validator.js';

const { model } = lambdaService();
const options = { title: 't', server: '/', region: 'us-east-1', implemented: new Set(['Invoke', 'CreateFunction']), otherServices: ['iam', 'sts'] };
const document = openApiDocument(model, options);

describe('the OpenAPI document', () => {
  it('is one by the schema of OpenAPI 3.1', () => {
    const served = JSON.parse(apiReference(model, options).openApi()) as OpenApiDocument;
    expect(faultsOf(served)).toEqual([]);
    expect(faultsOf({ ...served, paths: { '/x': { get: { parameters: [{ name: 'x' }] } } } })).not.toEqual([]);
  });

  it('has every operation of the model once, with its state', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(model.operations).sort());
    expect(operations.filter((operation) => operation['x-hearth-implemented']).map(({ operationId }) => operationId).sort()).toEqual(['CreateFunction', 'Invoke']);
    for (const operation of operations) expect('501' in operation.responses).toBe(!operation['x-hearth-implemented']);
  });

  it('refers to nothing that is not there, and every schema is one of JSON Schema', () => {
    const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    expect(names.filter(([, kind, name]) => !Object.hasOwn(document.components[kind as 'schemas'], name!))).toEqual([]);
    const ajv = jsonSchema();
    ajv.addSchema({ $id: 'hearth:lambda', components: document.components }, 'hearth:lambda');
    for (const name of Object.keys(document.components.schemas)) expect(() => ajv.compile({ $ref: `hearth:lambda#/components/schemas/${name}` })).not.toThrow();
  });

  it('tells good bodies from bad ones as the model does', () => {
    const ajv = jsonSchema();
    const body = operationOf('CreateFunction').requestBody as { content: { 'application/json': { schema: object } } };
    const validate = ajv.compile({ ...body.content['application/json'].schema, components: document.components });
    const create = { FunctionName: 'f', Role: 'arn:aws:iam::000000000000:role/r', Code: { ZipFile: 'UEsF' }, MemorySize: 128 };
    expect(validate(create)).toBe(true);
    for (const wrong of [{ MemorySize: 127 }, { Role: 'r' }, { Code: undefined }, { Architectures: ['z80'] }, { FunctionName: 'a b' }]) {
      expect(validate(JSON.parse(JSON.stringify({ ...create, ...wrong })))).toBe(false);
    }
  });

  it('declares each label of a path, and tells where every other member travels', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const { parameters = [] } of Object.values(methods)) {
        const labels = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
        expect(parameters.filter((parameter) => parameter['in'] === 'path').map((parameter) => parameter['name']).sort()).toEqual(labels);
      }
    }
    const create = operationOf('CreateFunction');
    expect(create.requestBody).toMatchObject({ required: true, content: { 'application/json': { schema: { type: 'object', required: ['FunctionName', 'Role', 'Code'] } } } });
    expect(document.components.schemas['MemorySize']).toEqual({ type: 'integer', format: 'int32', minimum: 128, maximum: 32_768 });
    expect(create.responses['409']).toMatchObject({ description: 'ResourceConflictException' });
  });

  it('has each status of success, payloads as they are, and headers outside of bodies', () => {
    const { responses, requestBody } = operationOf('Invoke');
    expect(Object.keys(responses).filter((status) => status.startsWith('2'))).toEqual(['200', '202', '204']);
    expect(requestBody).toEqual({ required: false, content: { 'application/json': {} } });
    expect(responses['200']).toMatchObject({ content: { 'application/json': {} }, headers: { 'X-Amz-Function-Error': {}, 'X-Amz-Log-Result': {}, 'X-Amz-Executed-Version': {} } });
    expect(operationOf('InvokeWithResponseStream').responses['200']).toMatchObject({ content: { 'application/vnd.amazon.eventstream': {} } });
    expect(operationOf('SendDurableExecutionCallbackSuccess').requestBody).toMatchObject({ content: { 'application/octet-stream': {} } });
    expect(responses['429']).toMatchObject({ headers: { 'Retry-After': {} } });
    expect(Object.keys(document.components.schemas['TooManyRequestsException']!['properties'] as object)).toEqual(['Type', 'message', 'Reason']);
    for (const [name, status] of [['CreateFunction', '201'], ['DeleteFunction', '204'], ['InvokeAsync', '202'], ['AddPermission', '201']] as const) {
      expect(Object.keys(operationOf(name).responses)[0]).toBe(status);
    }
  });
});

describe('the reference page', () => {
  const page = apiReference(model, options).page();

  it('shows every operation and loads nothing from elsewhere', () => {
    for (const name of Object.keys(model.operations)) expect(page).toContain(`<section id="${name}" `);
    expect(page).not.toMatch(/<script .*src|<link|<img|src=|url\(|@import|fetch\(/);
    expect(page.match(/https?:\/\/[^\s<&"']*/g)).toEqual(['http://127.0.0.1:4510']);
    expect(page).toContain('<h2><a href="#ListLayers">ListLayers</a> <small>answers 501</small></h2>');
    expect(page).toContain('<h2><a href="#Invoke">Invoke</a></h2>');
  });

  it('has no style and no script but those that its policy names', () => {
    for (const [element, directive] of [['style', 'style-src'], ['script', 'script-src']] as const) {
      const texts = [...page.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'))].map(([, text]) => text!);
      expect(texts).toHaveLength(1);
      expect(CONTENT_SECURITY_POLICY).toContain(`${directive} 'sha256-${hash('sha256', texts[0]!, 'base64')}';`);
    }
    expect(page).not.toMatch(/ style=| on\w+=/);
  });

  it('lists every operation once, under what it is about', () => {
    const nav = page.slice(page.indexOf('<nav'), page.indexOf('</nav>'));
    expect([...nav.matchAll(/href="#(\w+)"/g)].map(([, name]) => name).filter((name) => name !== 'calling').sort()).toEqual(Object.keys(model.operations).sort());
    const groups = [...nav.matchAll(/<h2>([^<]+)<\/h2>/g)].map(([, name]) => name);
    expect(groups[0]).toBe('functions');
    expect(groups).toEqual(expect.arrayContaining(['layers', 'aliases', 'event source mappings', 'durable executions', 'code signing configs', 'tags']));
  });

  it('finds operations by name, path and member', () => {
    expect(/<section id="CreateFunction" data-words="([^"]+)"/.exec(page)![1]).toMatch(/createfunction post \/2015-03-31\/functions .*memorysize/);
  });

  it('has a call for curl at each', () => {
    expect(page.match(/<pre>curl --aws-sigv4 &quot;aws:amz:us-east-1:lambda&quot;/g)).toHaveLength(Object.keys(model.operations).length);
    expect(page).toContain('Action=ListUsers&amp;Version=2010-05-08');
    expect(page).not.toContain('Logs_20140328');
    expect(page).toContain('&quot;$HEARTH/2015-03-31/functions/my-function/invocations&quot;');
  });
});

function operationOf(name: string): OpenApiOperation {
  return Object.values(document.paths).flatMap((methods) => Object.values(methods)).find(({ operationId }) => operationId === name)!;
}

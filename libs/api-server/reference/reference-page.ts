import type { OpenApiDocument, OpenApiOperation } from './openapi-document.js';
import type { Schema } from './openapi-schemas.js';

/** The document as one page of HTML without scripts, fonts or anything else from elsewhere. */
export function referencePage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })))
    .sort((a, b) => (a.operation.operationId < b.operation.operationId ? -1 : 1));
  const implemented = operations.filter(({ operation }) => operation['x-hearth-implemented']).length;
  const { title, version, description } = document.info as { title: string; version: string; description: string };
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escape(title)}</title><style>${STYLE}</style></head><body>`,
    `<header><h1>${escape(title)}</h1><p>Version ${escape(version)}. ${escape(description)} Also as <a href="openapi.json">OpenAPI 3.1</a>. ${implemented} of ${operations.length} operations are implemented; the others answer 501.</p></header>`,
    `<nav><ul>${operations.map(({ operation }) => `<li><a href="#${operation.operationId}"${operation['x-hearth-implemented'] ? '' : ' class="not"'}>${operation.operationId}</a></li>`).join('')}</ul></nav><main>`,
    ...operations.map(({ path, method, operation }) => section(document, path, method, operation)),
    '</main></body></html>',
  ].join('\n');
}

function section(document: OpenApiDocument, path: string, method: string, operation: OpenApiOperation): string {
  const parameters = (operation.parameters ?? []).map((parameter) => row(String(parameter['name']), String(parameter['in']), parameter['required'] === true, parameter['schema'] as Schema));
  const body = bodySchema(operation.requestBody);
  const members = body === undefined ? [] : membersOf(document, body).map(({ name, required, schema }) => row(name, 'body', required, resolve(document, schema)));
  const raw = operation.requestBody !== undefined && body === undefined ? ['<tr><td colspan="4">The body is the payload itself.</td></tr>'] : [];
  const rows = [...parameters, ...members, ...raw];
  const responses = Object.entries(operation.responses).map(([status, response]) => `<tr><td>${status}</td><td>${escape(String(response['description']))}</td></tr>`);
  return [
    `<section id="${operation.operationId}"><h2>${operation.operationId}${operation['x-hearth-implemented'] ? '' : ' <small>answers 501</small>'}</h2><p><code><b>${method}</b> ${escape(path)}</code></p>`,
    rows.length === 0 ? '' : `<table><thead><tr><th>Member</th><th>In</th><th>Type</th><th>Constraints</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
    `<table><thead><tr><th>Status</th><th>Answer</th></tr></thead><tbody>${responses.join('')}</tbody></table></section>`,
  ].join('');
}

function bodySchema(body: Schema | undefined): Schema | undefined {
  const content = body?.['content'] as Record<string, { schema?: Schema }> | undefined;
  return content?.['application/json']?.schema;
}

function membersOf(document: OpenApiDocument, schema: Schema): { name: string; required: boolean; schema: Schema }[] {
  const { properties, required } = resolve(document, schema) as { properties?: Record<string, Schema>; required?: string[] };
  return Object.entries(properties ?? {}).map(([name, member]) => ({ name, required: required?.includes(name) === true, schema: member }));
}

function resolve(document: OpenApiDocument, schema: Schema): Schema {
  const reference = schema['$ref'];
  return typeof reference === 'string' ? document.components.schemas[reference.slice(reference.lastIndexOf('/') + 1)]! : schema;
}

function row(name: string, place: string, required: boolean, schema: Schema): string {
  return `<tr><td><code>${escape(name)}</code>${required ? ' *' : ''}</td><td>${place}</td><td>${escape(String(schema['type'] ?? ''))}</td><td>${constraints(schema)}</td></tr>`;
}

const SHOWN: readonly (readonly [string, string])[] = [
  ['minLength', 'length ≥ '], ['maxLength', 'length ≤ '], ['minimum', '≥ '], ['maximum', '≤ '], ['minItems', 'items ≥ '], ['maxItems', 'items ≤ '], ['maxProperties', 'entries ≤ '], ['pattern', 'pattern '],
];

function constraints(schema: Schema): string {
  const texts = SHOWN.filter(([key]) => schema[key] !== undefined).map(([key, label]) => `${label}${String(schema[key])}`);
  const values = schema['enum'] as string[] | undefined;
  return escape([...texts, ...(values === undefined ? [] : [`one of ${values.join(', ')}`])].join('; '));
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const STYLE =
  ':root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:0;display:grid;grid-template:auto 1fr/20rem 1fr}header{grid-column:1/3;padding:1rem 2rem;border-bottom:1px solid #8884}' +
  'nav{padding:1rem;font-size:13px;position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;box-sizing:border-box}nav ul{list-style:none;margin:0;padding:0}.not{opacity:.55}main{padding:0 2rem 4rem;min-width:0}' +
  'table{border-collapse:collapse;margin:.5rem 0;width:100%}td,th{border-bottom:1px solid #8884;padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}code{font:13px ui-monospace,monospace}' +
  'small{font-weight:400;color:#b45309}@media(max-width:50rem){body{display:block}nav{position:static;max-height:none}}';

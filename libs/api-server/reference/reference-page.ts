import { curlExample } from './curl-example.js';
import type { OpenApiDocument, OpenApiOperation } from './openapi-document.js';
import type { Schema } from './openapi-schemas.js';

/** Services that are called by the operation's name instead of a path: the page only says how. */
const CALLS: Record<string, string> = {
  iam: "-d 'Action=ListUsers&Version=2010-05-08'",
  sts: "-d 'Action=GetCallerIdentity&Version=2011-06-15'",
  logs: "-H 'X-Amz-Target: Logs_20140328.DescribeLogGroups' -H 'Content-Type: application/x-amz-json-1.1' -d '{}'",
};

export interface ReferencePageOptions {
  region: string;
  service: string;
  /** Names of further services of the endpoint, as signatures call them. */
  otherServices: readonly string[];
}

/** The document as one page of HTML without scripts, fonts or anything else from elsewhere. */
export function referencePage(document: OpenApiDocument, options: ReferencePageOptions): string {
  const operations = Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })))
    .sort((a, b) => (a.operation.operationId < b.operation.operationId ? -1 : 1));
  const implemented = operations.filter(({ operation }) => operation['x-hearth-implemented']).length;
  const { title, version, description } = document.info as { title: string; version: string; description: string };
  const signing = `aws:amz:${options.region}:${options.service}`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escape(title)}</title><style>${STYLE}</style></head><body>`,
    `<header><h1>${escape(title)}</h1><p>Version ${escape(version)}. ${escape(description)} Also as <a href="openapi.json">OpenAPI 3.1</a>. ${implemented} of ${operations.length} operations are implemented; the others answer 501.</p></header>`,
    `<nav><ul>${operations.map(({ operation }) => `<li><a href="#${operation.operationId}"${operation['x-hearth-implemented'] ? '' : ' class="not"'}>${operation.operationId}</a></li>`).join('')}</ul></nav><main>`,
    introduction(document, options),
    ...operations.map((each) => section(document, each, signing)),
    '</main></body></html>',
  ].join('\n');
}

function introduction(document: OpenApiDocument, { region, otherServices }: ReferencePageOptions): string {
  const others = otherServices
    .filter((name) => Object.hasOwn(CALLS, name))
    .map((name) => `<pre>${escape(`curl --aws-sigv4 "aws:amz:${region}:${name}" --user "$KEY" "$HEARTH/" ${CALLS[name]}`)}</pre>`)
    .join('');
  const { description } = document.components.responses['Error'] as { description: string };
  return [
    '<section id="calling"><h2>Calling it</h2><p>The examples are for curl 7.86 or newer, send the code in <code>function.zip</code>, and take the endpoint and a key from the shell:</p>',
    `<pre>HEARTH=http://127.0.0.1:4510\nKEY=ACCESS_KEY_ID:SECRET_ACCESS_KEY</pre>`,
    '<p>A path that has an ARN in it is signed rightly only by versions of curl that encode the path once more for the signature; 7.88 does not, and is answered 403.</p>',
    `<p>An error tells its code in the header <code>x-amzn-ErrorType</code> and its reason in the body. ${escape(description)}</p>`,
    others === '' ? '' : `<p>Other services on the same endpoint are called by name of the operation:</p>${others}`,
    '</section>',
  ].join('');
}

function section(document: OpenApiDocument, request: { path: string; method: string; operation: OpenApiOperation }, signing: string): string {
  const { path, method, operation } = request;
  const parameters = (operation.parameters ?? []).map((parameter) => row(document, String(parameter['name']), String(parameter['in']), parameter['required'] === true, parameter['schema'] as Schema));
  const body = bodySchema(operation.requestBody);
  const members = body === undefined ? [] : membersOf(document, body).map(({ name, required, schema }) => row(document, name, 'body', required, schema));
  const raw = operation.requestBody !== undefined && body === undefined ? ['<tr><td colspan="4">The body is the payload itself.</td></tr>'] : [];
  const rows = [...parameters, ...members, ...raw];
  const statuses = Object.entries(operation.responses).filter(([status]) => status !== 'default');
  const responses = statuses.map(([status, response]) => `<tr><td>${status}</td><td>${answer(document, response)}</td></tr>`);
  return [
    `<section id="${operation.operationId}"><h2>${operation.operationId}${operation['x-hearth-implemented'] ? '' : ' <small>answers 501</small>'}</h2><p><code><b>${method}</b> ${escape(path)}</code></p>`,
    rows.length === 0 ? '' : `<table><thead><tr><th>Member</th><th>In</th><th>Type</th><th>Constraints</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
    `<table><thead><tr><th>Status</th><th>Answer</th></tr></thead><tbody>${responses.join('')}</tbody></table>`,
    `<pre>${escape(curlExample(document, request, signing))}</pre></section>`,
  ].join('');
}

/** Description, and the members of a success. */
function answer(document: OpenApiDocument, response: Schema): string {
  const { description, headers } = resolve(document, response) as { description: string; headers?: Record<string, unknown> };
  const body = 'content' in response ? bodySchema(response) : undefined;
  const members = description === 'Done.' ? [...(body === undefined ? [] : membersOf(document, body).map(({ name }) => name)), ...Object.keys(headers ?? {}).map((name) => `${name} (header)`)] : [];
  return escape(description) + (members.length === 0 ? '' : ` Members: ${members.map((name) => `<code>${escape(name)}</code>`).join(', ')}`);
}

function bodySchema(message: Schema | undefined): Schema | undefined {
  const content = message?.['content'] as Record<string, { schema?: Schema }> | undefined;
  return content?.['application/json']?.schema;
}

function membersOf(document: OpenApiDocument, schema: Schema): { name: string; required: boolean; schema: Schema }[] {
  const { properties, required } = resolve(document, schema) as { properties?: Record<string, Schema>; required?: string[] };
  return Object.entries(properties ?? {}).map(([name, member]) => ({ name, required: required?.includes(name) === true, schema: member }));
}

function resolve(document: OpenApiDocument, schema: Schema): Schema {
  const reference = schema['$ref'];
  if (typeof reference !== 'string') return schema;
  const [kind, name] = reference.split('/').slice(-2) as ['schemas' | 'responses', string];
  return document.components[kind][name]!;
}

function row(document: OpenApiDocument, name: string, place: string, required: boolean, schema: Schema): string {
  const resolved = resolve(document, schema);
  return `<tr><td><code>${escape(name)}</code>${required ? ' *' : ''}</td><td>${place}</td><td>${escape(typeOf(document, resolved))}</td><td>${constraints(resolved)}</td></tr>`;
}

/** `array of string`, `object with SubnetIds, ...`: one level, so that the page stays one. */
function typeOf(document: OpenApiDocument, schema: Schema): string {
  if (schema['type'] === 'array') return `array of ${String(resolve(document, schema['items'] as Schema)['type'])}`;
  if (schema['contentEncoding'] === 'base64') return 'string (base64)';
  const members = membersOf(document, schema).map(({ name, required }) => `${name}${required ? ' *' : ''}`);
  return members.length === 0 ? String(schema['type'] ?? '') : `object: ${members.join(', ')}`;
}

const SHOWN: readonly (readonly [string, string])[] = [
  ['minLength', 'length ≥ '],
  ['maxLength', 'length ≤ '],
  ['minimum', '≥ '],
  ['maximum', '≤ '],
  ['minItems', 'items ≥ '],
  ['maxItems', 'items ≤ '],
  ['maxProperties', 'entries ≤ '],
  ['pattern', 'pattern '],
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
  'nav{padding:1rem;font-size:13px;position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;box-sizing:border-box}nav ul{list-style:none;margin:0;padding:0}.not{opacity:.65}main{padding:0 2rem 4rem;min-width:0}' +
  'table{border-collapse:collapse;margin:.5rem 0;width:100%}td,th{border-bottom:1px solid #8884;padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}code,pre{font:13px ui-monospace,monospace}' +
  'pre{background:#8882;padding:.75rem 1rem;border-radius:4px;overflow:auto}small{font-weight:400;color:light-dark(#9a3412,#fdba74)}@media(max-width:50rem){body{display:block}nav{position:static;max-height:none}}';

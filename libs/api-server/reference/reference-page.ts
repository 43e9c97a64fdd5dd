import { curlExample } from './curl-example.js';
import type { OpenApiDocument, OpenApiOperation } from './openapi-document.js';
import type { Schema } from './openapi-schemas.js';
import { SCRIPT, STYLE } from './reference-appearance.js';

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

interface Listed {
  path: string;
  method: string;
  operation: OpenApiOperation;
}

/** The document as one page of HTML without fonts, scripts or anything else from elsewhere. */
export function referencePage(document: OpenApiDocument, options: ReferencePageOptions): string {
  const operations = Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]): Listed => ({ path, method: method.toUpperCase(), operation })))
    .sort((a, b) => (a.operation.operationId < b.operation.operationId ? -1 : 1));
  const implemented = operations.filter(({ operation }) => operation['x-hearth-implemented']).length;
  const { title, version, description } = document.info as { title: string; version: string; description: string };
  const signing = `aws:amz:${options.region}:${options.service}`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escape(title)}</title><style>${STYLE}</style></head><body>`,
    `<nav aria-label="Operations"><input id="search" type="search" placeholder="Search ( / )" aria-label="Search operations, paths and members" autocomplete="off" hidden><p id="found" role="status"></p>`,
    '<ul><li><a href="#calling">Calling it</a></li></ul>',
    ...[...groupsOf(operations)].map(([name, listed]) => `<div class="group"><h2>${escape(name)}</h2><ul>${listed.map(link).join('')}</ul></div>`),
    `</nav><main><header><h1>${escape(title)}</h1><p>Version ${escape(version)}. ${escape(description)} Also as <a href="openapi.json">OpenAPI 3.1</a>. ${implemented} of ${operations.length} operations are implemented; the others answer 501.</p></header>`,
    introduction(document, options),
    ...operations.map((each) => section(document, each, signing)),
    `</main><script>${SCRIPT}</script></body></html>`,
  ].join('\n');
}

/** By what the path is about; what lies below functions by what it is of them, if there are several such operations. */
function groupsOf(operations: readonly Listed[]): Map<string, Listed[]> {
  const topic = ({ path }: Listed, depth: 1 | 2): string => {
    const [, kind = '', ...rest] = path.split('?', 1)[0]!.split('/').filter((part) => part !== '' && !part.startsWith('{'));
    return (depth === 2 ? [kind, ...rest.slice(0, 1)] : [kind]).join(' ').replaceAll('-', ' ');
  };
  const counts = Map.groupBy(operations, (each) => topic(each, 2));
  const kinds = new Set(operations.map((each) => topic(each, 1)));
  const groups = Map.groupBy(operations, (each) => {
    const below = topic(each, 2);
    if (!below.startsWith('functions ') || counts.get(below)!.length <= 2) return topic(each, 1);
    const name = below.slice('functions '.length);
    // What a function has of something goes where that is.
    return kinds.has(`${name}s`) ? `${name}s` : name;
  });
  return new Map([...groups].sort(([a], [b]) => Number(b === 'functions') - Number(a === 'functions') || (a < b ? -1 : 1)));
}

function link({ operation }: Listed): string {
  return `<li><a href="#${operation.operationId}"${operation['x-hearth-implemented'] ? '' : ' class="not" title="answers 501"'}>${operation.operationId}</a></li>`;
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

function section(document: OpenApiDocument, request: Listed, signing: string): string {
  const { path, method, operation } = request;
  const parameters = (operation.parameters ?? []).map((parameter) => row(document, String(parameter['name']), String(parameter['in']), parameter['required'] === true, parameter['schema'] as Schema));
  const body = bodySchema(operation.requestBody);
  const members = body === undefined ? [] : membersOf(document, body).map(({ name, required, schema }) => row(document, name, 'body', required, schema));
  const raw = operation.requestBody !== undefined && body === undefined ? ['<tr><td colspan="4">The body is the payload itself.</td></tr>'] : [];
  const rows = [...parameters, ...members, ...raw];
  const statuses = Object.entries(operation.responses).filter(([status]) => status !== 'default');
  const responses = statuses.map(([status, response]) => `<tr><td>${status}</td><td>${answer(document, response)}</td></tr>`);
  const id = operation.operationId;
  const names = [...(operation.parameters ?? []).map((parameter) => String(parameter['name'])), ...(body === undefined ? [] : membersOf(document, body).map(({ name }) => name))];
  return [
    `<section id="${id}" data-words="${escape([id, method, path, ...names].join(' ').toLowerCase())}"><h2><a href="#${id}">${id}</a>${operation['x-hearth-implemented'] ? '' : ' <small>answers 501</small>'}</h2><p class="route"><b>${method}</b>${escape(path)}</p>`,
    rows.length === 0 ? '' : `<table class="members"><thead><tr><th>Member</th><th>In</th><th>Type</th><th>Constraints</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
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
  return `<tr><td><code>${escape(name)}</code>${required ? ' <span class="need" title="required">*</span>' : ''}</td><td>${place}</td><td>${escape(typeOf(document, resolved))}</td><td>${constraints(resolved)}</td></tr>`;
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

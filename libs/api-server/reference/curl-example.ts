import type { OpenApiDocument, OpenApiOperation } from './openapi-document.js';
import type { Schema } from './openapi-schemas.js';

/** Values that mean something to a reader, by member or label name; everything else is made from its schema. */
const EXAMPLES: Record<string, unknown> = {
  FunctionName: 'my-function',
  LayerName: 'my-layer',
  Name: 'live',
  Role: 'arn:aws:iam::000000000000:role/my-role',
  Runtime: 'nodejs22.x',
  Handler: 'index.handler',
  Qualifier: 'live',
  FunctionVersion: '1',
  StatementId: 'my-statement',
  Action: 'lambda:InvokeFunction',
  Principal: '111122223333',
  Resource: 'arn:aws:lambda:us-east-1:000000000000:function:my-function',
  ResourceArn: 'arn:aws:lambda:us-east-1:000000000000:function:my-function',
  Arn: 'arn:aws:lambda:us-east-1:000000000000:layer:my-layer:1',
  EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:my-queue',
  CodeSigningConfigArn: 'arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0',
  SigningProfileVersionArns: ['arn:aws:signer:us-east-1:000000000000:/signing-profiles/my_profile/abcdefghij'],
  DurableExecutionArn: 'arn:aws:lambda:us-east-1:000000000000:function:my-function:1/durable-execution/my-execution/00000000-0000-4000-8000-000000000000',
  UUID: '00000000-0000-4000-8000-000000000000',
  Policy: '{"Version":"2012-10-17","Statement":[]}',
};
/** Stands for the archive until the text is quoted. */
const ARCHIVE = '@archive@';
const ARCHIVE_IN_SHELL = `'"$(base64 -w0 function.zip)"'`;
/** No member is required, yet a function or layer needs one of several. */
const CODE = { ZipFile: ARCHIVE };
const MORE: Record<string, Record<string, unknown>> = {
  CreateFunction: { Runtime: EXAMPLES.Runtime, Handler: EXAMPLES.Handler, Code: CODE },
  UpdateFunctionCode: CODE,
  PublishLayerVersion: { Content: CODE },
  AddLayerVersionPermission: { Action: 'lambda:GetLayerVersion', Principal: '*' },
};
/** References are followed this deep when a value is made up. */
const MAX_DEPTH = 6;

export interface ExampleRequest {
  path: string;
  method: string;
  operation: OpenApiOperation;
}

/** A call with the required members, as a shell takes it; `$HEARTH` is the endpoint, `$KEY` is `ACCESS_KEY_ID:SECRET`. */
export function curlExample(document: OpenApiDocument, request: ExampleRequest, signing: string): string {
  const { path, method, operation } = request;
  const parameters = operation.parameters ?? [];
  const [pathname, fixed] = path.split('?') as [string, string?];
  const filled = pathname.replaceAll(/\{(\w+)\}/g, (_, label: string) => encodeURIComponent(String(valueOf(document, label, parameters.find(({ name }) => name === label)?.['schema'] as Schema))));
  const query = parameters.filter((parameter) => parameter['in'] === 'query' && parameter['required'] === true);
  const pairs = query.map(({ name, schema }) => `${String(name)}=${encodeURIComponent(String(valueOf(document, String(name), schema as Schema)))}`);
  // In the order of the signature: older versions of curl sign them as they stand.
  const text = [...pairs, ...(fixed === undefined ? [] : [fixed])].sort().join('&');
  const address = text === '' ? filled : `${filled}?${text}`;
  const headers = parameters.filter((parameter) => parameter['in'] === 'header' && parameter['required'] === true);
  const body = bodyOf(document, operation);
  return [
    `curl --aws-sigv4 "${signing}" --user "$KEY"${method === 'GET' ? '' : ` -X ${method}`} "$HEARTH${address}"`,
    ...headers.map(({ name, schema }) => `-H ${quoted(`${String(name)}: ${String(valueOf(document, String(name), schema as Schema))}`)}`),
    ...(body === undefined ? [] : [`-H 'Content-Type: application/json'`, `-d ${quoted(body).replace(ARCHIVE, ARCHIVE_IN_SHELL)}`]),
  ].join(' \\\n  ');
}

function bodyOf(document: OpenApiDocument, operation: OpenApiOperation): string | undefined {
  const content = operation.requestBody?.['content'] as Record<string, { schema?: Schema }> | undefined;
  if (content === undefined) return undefined;
  const schema = Object.values(content)[0]?.schema;
  if (schema === undefined) return '{"any":"payload"}';
  return JSON.stringify({ ...(valueOf(document, '', schema) as object), ...MORE[operation.operationId] });
}

function valueOf(document: OpenApiDocument, name: string, schema: Schema, depth = 0): unknown {
  if (Object.hasOwn(EXAMPLES, name)) return EXAMPLES[name];
  const reference = schema['$ref'];
  if (typeof reference === 'string') return valueOf(document, name, document.components.schemas[reference.slice(reference.lastIndexOf('/') + 1)]!, depth + 1);
  const values = schema['enum'] as string[] | undefined;
  if (values !== undefined) return values[0];
  switch (schema['type']) {
    case 'object': {
      const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
      if (properties.length === 0) return schema['additionalProperties'] === undefined || depth > MAX_DEPTH ? {} : { key: valueOf(document, '', schema['additionalProperties'] as Schema, depth + 1) };
      const required = (schema['required'] ?? []) as string[];
      return Object.fromEntries(properties.filter(([member]) => required.includes(member)).map(([member, inner]) => [member, valueOf(document, member, inner, depth + 1)]));
    }
    case 'array':
      return depth > MAX_DEPTH ? [] : [valueOf(document, name, schema['items'] as Schema, depth + 1)];
    case 'integer':
    case 'number':
      return schema['minimum'] ?? 1;
    case 'boolean':
      return true;
    default:
      return schema['contentEncoding'] === 'base64' ? 'BASE64' : (name === '' ? 'value' : name);
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

import { ServiceError } from '@hearth/kernel';
import { lambdaService } from '../lambda-service.js';
import { parseQuery, splitTarget } from './request-target.js';
import type { Shape } from './service-model.js';

const service = lambdaService();
const ROLE = 'arn:aws:iam::000000000000:role/r';

function call(method: string, target: string, body?: unknown, headers: Record<string, string> = {}): { operation: string; input: Record<string, unknown> } {
  const { rawPath, rawQuery } = splitTarget(target);
  const query = parseQuery(rawQuery)!;
  const { operation, labels } = service.match(method, rawPath, query);
  const bytes = typeof body === 'string' ? Buffer.from(body) : body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
  return { operation: operation.name, input: service.decode(operation, { labels, query, headers, body: bytes }) };
}

function refusal(work: () => unknown): ServiceError {
  try {
    work();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error('It was accepted');
}

const create = (members: Record<string, unknown>) => call('POST', '/2015-03-31/functions', { FunctionName: 'f', Role: ROLE, Code: { ZipFile: 'UEsFBg==' }, ...members });

describe('routes', () => {
  it('reach every operation of the model by its own URI', () => {
    for (const operation of Object.values(service.model.operations)) {
      const { rawPath, rawQuery } = splitTarget(operation.http.requestUri.replaceAll(/\{[^}]+\}/g, 'x'));
      expect(service.match(operation.http.method, rawPath, parseQuery(rawQuery)!).operation.name).toBe(operation.name);
    }
  });

  it('ignore a trailing slash and decode labels', () => {
    expect(call('GET', '/2015-03-31/functions/').operation).toBe('ListFunctions');
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
    expect(call('GET', `/2015-03-31/functions/${encodeURIComponent(arn)}?Qualifier=%24LATEST`)).toEqual({ operation: 'GetFunction', input: { FunctionName: arn, Qualifier: '$LATEST' } });
  });

  it('tell operations on one path apart by their fixed query', () => {
    expect(call('GET', '/2019-09-30/functions/f/provisioned-concurrency?List=ALL').operation).toBe('ListProvisionedConcurrencyConfigs');
    expect(call('GET', '/2019-09-30/functions/f/provisioned-concurrency?Qualifier=1').operation).toBe('GetProvisionedConcurrencyConfig');
  });

  it('answer unknown paths and methods with UnknownOperationException', () => {
    expect(refusal(() => call('GET', '/nothing'))).toMatchObject({ code: 'UnknownOperationException', status: 404 });
    expect(refusal(() => call('PATCH', '/2015-03-31/functions')).code).toBe('UnknownOperationException');
    expect(refusal(() => call('GET', '/2015-03-31/functions/%zz')).code).toBe('UnknownOperationException');
  });
});

describe('decoding', () => {
  it('reads JSON members, blobs as Buffers, ignores unknown members and nulls', () => {
    const { input } = create({ Timeout: 5, Unknown: 1, Description: null, Environment: { Variables: { KEY: 'v' } } });
    expect(input).toMatchObject({ FunctionName: 'f', Timeout: 5, Code: { ZipFile: Buffer.from('PK\x05\x06') } });
    expect(input).not.toHaveProperty('Unknown');
    expect(input).not.toHaveProperty('Description');
  });

  it('reads headers, raw payloads, numbers, repeated and boolean query parameters', () => {
    expect(call('POST', '/2015-03-31/functions/f/invocations', 'not json', { 'x-amz-log-type': 'Tail' }).input).toEqual({ FunctionName: 'f', LogType: 'Tail', Payload: Buffer.from('not json') });
    expect(call('GET', '/2015-03-31/functions?MaxItems=10').input).toEqual({ MaxItems: 10 });
    expect(call('DELETE', '/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af?tagKeys=a&tagKeys=b').input['TagKeys']).toEqual(['a', 'b']);
    expect(call('GET', '/2025-12-01/functions/f/durable-executions?ReverseOrder=true&StartedAfter=2026-01-02T03%3A04%3A05Z').input).toEqual({
      FunctionName: 'f',
      ReverseOrder: true,
      StartedAfter: new Date('2026-01-02T03:04:05Z'),
    });
  });

  it('refuses what is not JSON or of another type', () => {
    for (const body of ['{', '[]', '"x"', '{"Timeout":"3"}', '{"Timeout":1.5}', '{"Publish":"true"}', '{"FunctionName":1}', '{"Code":{"ZipFile":"%%%%"}}', '{"Layers":{}}']) {
      expect(refusal(() => call('POST', '/2015-03-31/functions', body))).toMatchObject({ code: 'SerializationException', status: 400 });
    }
    expect(refusal(() => create({ Timeout: '3' })).message).toBe('STRING_VALUE can not be converted to an Integer');
    expect(refusal(() => call('GET', '/2015-03-31/functions?MaxItems=ten')).code).toBe('SerializationException');
  });
});

describe('validation speaks as Lambda does', () => {
  it.each<[string, () => unknown, string]>([
    ['required', () => call('POST', '/2015-03-31/functions', { Role: ROLE, Code: {} }), "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null"],
    ['number', () => create({ MemorySize: 127 }), "1 validation error detected: Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128"],
    ['length', () => create({ Description: 'x'.repeat(257) }), `1 validation error detected: Value '${'x'.repeat(257)}' at 'description' failed to satisfy constraint: Member must have length less than or equal to 256`],
    ['pattern', () => create({ Handler: 'a b' }), String.raw`1 validation error detected: Value 'a b' at 'handler' failed to satisfy constraint: Member must satisfy regular expression pattern: [^\s]+`],
    ['enum', () => create({ PackageType: 'Tar' }), "1 validation error detected: Value 'Tar' at 'packageType' failed to satisfy constraint: Member must satisfy enum value set: [Zip, Image]"],
    ['nested', () => create({ SnapStart: { ApplyOn: 'x' } }), "1 validation error detected: Value 'x' at 'snapStart.applyOn' failed to satisfy constraint: Member must satisfy enum value set: [PublishedVersions, None]"],
    ['list', () => create({ Architectures: ['vax'] }), "1 validation error detected: Value '[vax]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]"],
    ['map, sensitive', () => create({ Environment: { Variables: { '1': 'secret' } } }), "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]"],
    ['two errors', () => create({ MemorySize: 1, Handler: ' ' }), '2 validation errors detected: Value'],
  ])('%s', (_name, work, text) => {
    const error = refusal(work);
    expect(error).toMatchObject({ code: 'ValidationException', status: 400 });
    expect(error.message.startsWith(text)).toBe(true);
    expect(JSON.parse(Buffer.from(service.errors.render(error, 'id').body).toString())).toEqual({ message: error.message });
  });

  it('the runtime enum is a parameter error of the service', () => {
    const error = refusal(() => create({ Runtime: 'nodejs99.x' }));
    expect(error).toMatchObject({ code: 'InvalidParameterValueException', status: 400 });
    expect(error.message).toMatch(/^Value nodejs99\.x at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*python3\.13.*] or be a valid ARN$/);
  });
});

/** Derived from the model: one case per operation and constraint of its top-level members. */
describe('every operation of the model', () => {
  for (const operation of Object.values(service.model.operations)) {
    const shape = operation.input === undefined ? undefined : service.model.shapes[operation.input.shape];
    for (const required of shape?.required ?? []) {
      const member = shape!.members![required]!;
      if (member.location === 'uri' || shape!.payload === required) continue;
      it(`${operation.name} requires ${required}`, () => {
        const error = refusal(() => service.decode(operation, { labels: {}, query: new Map(), headers: {}, body: Buffer.from('{}') }));
        expect(error.message).toContain(`Value null at '${required.charAt(0).toLowerCase()}${required.slice(1)}' failed to satisfy constraint: Member must not be null`);
      });
    }
    it(`${operation.name} refuses values beyond the limits of its members`, () => {
      for (const [name, member] of Object.entries(shape?.members ?? {})) {
        const bad = beyond(service.model.shapes[member.shape]!);
        // The runtime has an error of its own.
        if (bad === undefined || name === 'Runtime' || name === shape!.payload) continue;
        const wire = member.locationName ?? name;
        const parts = { labels: {} as Record<string, string>, query: new Map<string, string[]>(), headers: {} as Record<string, string>, body: Buffer.from('{}') };
        if (member.location === 'uri') parts.labels[wire] = String(bad);
        else if (member.location === 'querystring') parts.query.set(wire, [String(bad)]);
        else if (member.location === 'header') parts.headers[wire.toLowerCase()] = String(bad);
        else if (shape!.payload === undefined) parts.body = Buffer.from(JSON.stringify({ [wire]: bad }));
        else continue;
        expect(refusal(() => service.decode(operation, parts)).message).toContain(`at '${name.charAt(0).toLowerCase()}${name.slice(1)}' failed to satisfy constraint`);
      }
    });
  }

  function beyond(shape: Shape): string | number | undefined {
    if (shape.type === 'integer' || shape.type === 'long') return shape.max !== undefined ? shape.max + 1 : shape.min !== undefined ? shape.min - 1 : undefined;
    if (shape.type !== 'string' || shape.sensitive) return undefined;
    if (shape.enum !== undefined) return 'not-in-the-enum';
    if (shape.max !== undefined && shape.max < 100_000) return 'x'.repeat(shape.max + 1);
    return undefined;
  }
});

describe('encoding', () => {
  const operation = (name: string) => service.model.operations[name]!;

  it('writes status, members of the model and nothing without a value', () => {
    const answer = service.encode(operation('CreateFunction'), { FunctionName: 'f', Timeout: 3, Handler: undefined, VpcConfig: null, Internal: 1 });
    expect(answer).toMatchObject({ status: 201, headers: { 'Content-Type': 'application/json' } });
    expect(JSON.parse(Buffer.from(answer.body).toString())).toEqual({ FunctionName: 'f', Timeout: 3 });
  });

  it('writes timestamps as epoch seconds, statuses that the handler chose, and empty answers', () => {
    const mapping = service.encode(operation('GetEventSourceMapping'), { LastModified: new Date(1_500) });
    expect(Buffer.from(mapping.body).toString()).toBe('{"LastModified":1.5}');
    expect(service.encode(operation('DeleteFunction'), { StatusCode: 204 })).toEqual({ status: 204, headers: {}, body: new Uint8Array(0) });
    expect(service.encode(operation('DeleteAlias'), {}).status).toBe(204);
  });

  it('renders errors with the member that the model names, headers included', () => {
    const text = (error: unknown) => Buffer.from(service.errors.render(error, 'id').body).toString();
    expect(text(new ServiceError('ResourceNotFoundException', 404, 'Function not found: x'))).toBe('{"Type":"User","Message":"Function not found: x"}');
    const throttled = service.errors.render(new ServiceError('TooManyRequestsException', 429, 'Rate Exceeded.', { members: { Reason: 'CallerRateLimitExceeded', retryAfterSeconds: '1' } }), 'id');
    expect(throttled.headers).toMatchObject({ 'Retry-After': '1', 'x-amzn-ErrorType': 'TooManyRequestsException', 'x-amzn-RequestId': 'id', 'Content-Type': 'application/json' });
    expect(Buffer.from(throttled.body).toString()).toBe('{"Reason":"CallerRateLimitExceeded","Type":"User","message":"Rate Exceeded."}');
    expect(text(new TypeError('inside'))).toBe('{"Type":"Service","Message":"An error occurred and the request cannot be processed."}');
  });
});

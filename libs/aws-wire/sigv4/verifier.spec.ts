import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { ServiceError, type Clock } from '@hearth/kernel';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { formatTimestamp } from './presented-signature.js';
import type { RequestHead } from './signed-request.js';
import { SigV4Verifier, type SigningKey } from './verifier.js';

const NOW = Date.UTC(2026, 10, 25, 4, 30, 0);
const clock: Clock & { at: number } = { at: NOW, now: () => clock.at };
const KEY: SigningKey = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', active: true };
const TOKEN = 'FwoGZXIvYXdzEBYaDHqa0AP/token+with=signs';
const TEMPORARY: SigningKey = { ...KEY, accessKeyId: 'ASIAIOSFODNN7EXAMPLE', tokenDigest: createHash('sha256').update(TOKEN).digest(), expiresAt: NOW + 3_600_000 };
const verifier = new SigV4Verifier({ region: 'us-east-1', clock });

interface Plan {
  method: string;
  path: string;
  query: Record<string, string | string[]>;
  headers: Record<string, string>;
  body: string;
}

interface Wire {
  head: RequestHead;
  body: Buffer;
}

const PLAN: Plan = { method: 'POST', path: '/2015-03-31/functions/f/invocations', query: { Qualifier: 'live' }, headers: { 'content-type': 'application/json' }, body: '{"a":1}' };

function signer(key: SigningKey, service: string, region: string): SignatureV4 {
  return new SignatureV4({
    service,
    region,
    sha256: Sha256,
    uriEscapePath: service !== 's3',
    credentials: { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey, ...(key.tokenDigest ? { sessionToken: TOKEN } : {}) },
  });
}

async function sign(plan: Plan, options: { key?: SigningKey; form?: 'header' | 'query'; service?: string; region?: string; at?: number; expiresIn?: number } = {}): Promise<Wire> {
  const request = { method: plan.method, protocol: 'http:', hostname: '127.0.0.1', port: 4510, path: plan.path, query: plan.query, headers: { host: '127.0.0.1:4510', ...plan.headers }, body: plan.body };
  const v4 = signer(options.key ?? KEY, options.service ?? 'lambda', options.region ?? 'us-east-1');
  const signingDate = new Date(options.at ?? NOW);
  const signed = options.form === 'query' ? await v4.presign(request, { signingDate, expiresIn: options.expiresIn ?? 900 }) : await v4.sign(request, { signingDate });
  const pairs = Object.entries(signed.query ?? {}).flatMap(([name, value]) => [value].flat().map((item) => `${encodeURIComponent(name)}=${encodeURIComponent(item ?? '')}`));
  return {
    head: { method: signed.method, rawPath: signed.path, rawQuery: pairs.join('&'), rawHeaders: Object.entries(signed.headers).flat() },
    body: Buffer.from(plan.body),
  };
}

function check({ head, body }: Wire, key: SigningKey | undefined = KEY): Uint8Array {
  return verifier.verify(verifier.present(head), key, body);
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

function withHeader(wire: Wire, name: string, value: string | undefined): Wire {
  const pairs: string[][] = [];
  for (let index = 0; index < wire.head.rawHeaders.length; index += 2) {
    if (wire.head.rawHeaders[index]!.toLowerCase() !== name) pairs.push([wire.head.rawHeaders[index]!, wire.head.rawHeaders[index + 1]!]);
  }
  if (value !== undefined) pairs.push([name, value]);
  return { ...wire, head: { ...wire.head, rawHeaders: pairs.flat() } };
}

function headerOf(wire: Wire, name: string): string {
  const index = wire.head.rawHeaders.findIndex((text, position) => position % 2 === 0 && text.toLowerCase() === name);
  return wire.head.rawHeaders[index + 1]!;
}

beforeEach(() => {
  clock.at = NOW;
});

const segment = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !['.', '..'].includes(text)),
  fc.constantFrom('arn:aws:lambda:us-east-1:000000000000:function:f', '$LATEST', 'a b', "!*'()", '~', '%41', 'ünï', 'a+b', ';,=@&'),
);
const plans: fc.Arbitrary<Plan> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  path: fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.map((text) => encodeURIComponent(text)).join('/')}`),
  query: fc.dictionary(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((name) => name !== '__proto__' && !name.toLowerCase().startsWith('x-amz')),
    fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constant(''), fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }), { minLength: 1, maxLength: 3 })),
    { maxKeys: 4 },
  ),
  headers: fc.dictionary(
    fc.stringMatching(/^x-amz-[a-z]{3,8}$/).map((name) => `${name}q`),
    fc.stringMatching(/^[!-~]([ -~]{0,18}[!-~])?$/),
    { maxKeys: 3 },
  ),
  body: fc.oneof(fc.constant(''), fc.json()),
});

describe('requests signed by the AWS SDK', () => {
  it('are accepted whatever their path, query, headers and body', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.constantFrom(KEY, TEMPORARY), fc.constantFrom('lambda', 's3'), async (plan, key, service) => {
        const wire = await sign(plan, { key, service });
        expect(Buffer.from(check(wire, key)).toString()).toBe(plan.body);
      }),
      { numRuns: 500 },
    );
  });

  it('are accepted in the query form, also with a session token', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.constantFrom(KEY, TEMPORARY), async (plan, key) => {
        check(await sign(plan, { key, form: 'query' }), key);
      }),
      { numRuns: 300 },
    );
  });

  it('are accepted with a Date header in place of X-Amz-Content-SHA256 (as boto3 leaves it out)', async () => {
    const v4 = new SignatureV4({ service: 'lambda', region: 'us-east-1', sha256: Sha256, credentials: KEY, applyChecksum: false });
    const signed = await v4.sign({ method: 'POST', protocol: 'http:', hostname: 'h', path: '/x', query: {}, headers: { host: 'h' }, body: '{"a":1}' }, { signingDate: new Date(NOW) });
    const head = { method: 'POST', rawPath: '/x', rawQuery: '', rawHeaders: Object.entries(signed.headers).flat() };
    expect(head.rawHeaders).not.toContain('x-amz-content-sha256');
    check({ head, body: Buffer.from('{"a":1}') });
    expect(refusal(() => check({ head, body: Buffer.from('{"a":2}') })).code).toBe('InvalidSignatureException');
  });
});

describe('any change of a signed request', () => {
  /** Replaces one character by another of the same kind, so that the request stays well formed. */
  const flip = (text: string, position: number): string => {
    const index = position % text.length;
    const given = text[index]!;
    return text.slice(0, index) + (given === 'a' ? 'b' : 'a') + text.slice(index + 1);
  };
  type Mutation = (wire: Wire, position: number) => Wire | undefined;
  const mutations: Record<string, Mutation> = {
    method: (wire) => ({ ...wire, head: { ...wire.head, method: wire.head.method === 'GET' ? 'POST' : 'GET' } }),
    path: (wire, position) => {
      const at = 1 + (position % (wire.head.rawPath.length - 1));
      // Inside an escape the same character may be meant (%4a is %4A); a mutated path must mean something else.
      if (wire.head.rawPath[at] === '/') return undefined;
      return { ...wire, head: { ...wire.head, rawPath: flip(wire.head.rawPath, at) } };
    },
    'path segment added': (wire) => ({ ...wire, head: { ...wire.head, rawPath: `${wire.head.rawPath}/x` } }),
    'query parameter added': (wire) => ({ ...wire, head: { ...wire.head, rawQuery: wire.head.rawQuery === '' ? 'a=b' : `${wire.head.rawQuery}&a=b` } }),
    'query parameter doubled': (wire) => (wire.head.rawQuery === '' ? undefined : { ...wire, head: { ...wire.head, rawQuery: `${wire.head.rawQuery}&${wire.head.rawQuery.split('&')[0]}` } }),
    'query parameter removed': (wire) => (wire.head.rawQuery === '' ? undefined : { ...wire, head: { ...wire.head, rawQuery: wire.head.rawQuery.split('&').slice(1).join('&') } }),
    body: (wire, position) => (wire.body.length === 0 ? { ...wire, body: Buffer.from('x') } : { ...wire, body: xor(wire.body, position) }),
    'body cut': (wire) => (wire.body.length === 0 ? undefined : { ...wire, body: wire.body.subarray(1) }),
    signature: (wire, position) => {
      const authorization = headerOf(wire, 'authorization');
      const at = authorization.length - 64 + (position % 64);
      return withHeader(wire, 'authorization', flip(authorization, at));
    },
    'access key id': (wire) => withHeader(wire, 'authorization', headerOf(wire, 'authorization').replace('EXAMPLE', 'EXAMPLF')),
    date: (wire) => withHeader(wire, 'x-amz-date', formatTimestamp(NOW + 1000)),
    host: (wire) => withHeader(wire, 'host', '127.0.0.1:4511'),
    'host removed': (wire) => withHeader(wire, 'host', undefined),
    'unsigned x-amz header added': (wire) => withHeader(wire, 'x-amz-invocation-type', 'Event'),
    'content hash': (wire) => withHeader(wire, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD'),
    'token added': (wire) => withHeader(wire, 'x-amz-security-token', 'x'),
    'signed header forgotten': (wire) => withHeader(wire, 'authorization', headerOf(wire, 'authorization').replace(';x-amz-date', '')),
    'signed header doubled': (wire) => ({ ...wire, head: { ...wire.head, rawHeaders: [...wire.head.rawHeaders, 'X-Amz-Date', headerOf(wire, 'x-amz-date')] } }),
    'service of the scope': (wire) => withHeader(wire, 'authorization', headerOf(wire, 'authorization').replace('/lambda/', '/s3/')),
    'day of the scope': (wire) => withHeader(wire, 'authorization', headerOf(wire, 'authorization').replace('/20261125/', '/20261124/')),
  };
  function xor(body: Buffer, position: number): Buffer {
    const copy = Buffer.from(body);
    copy[position % copy.length]! ^= 1 + (position % 255);
    return copy;
  }

  for (const [name, mutate] of Object.entries(mutations)) {
    it(`is refused: ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(plans, fc.nat(), async (plan, position) => {
          const genuine = await sign(plan);
          const mutated = mutate(genuine, position);
          if (mutated === undefined || JSON.stringify(mutated) === JSON.stringify(genuine)) return;
          const error = refusal(() => {
            const presented = verifier.present(mutated.head);
            verifier.verify(presented, presented.credential.accessKeyId === KEY.accessKeyId ? KEY : undefined, mutated.body);
          });
          expect([400, 403]).toContain(error.status);
        }),
        { numRuns: 150 },
      );
    });
  }

  it('is refused in the query form too', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.nat(), async (plan, position) => {
        const genuine = await sign(plan, { form: 'query' });
        const parameters = genuine.head.rawQuery.split('&');
        const index = position % parameters.length;
        const changed = parameters.map((pair, at) => (at === index ? `${pair}1` : pair)).join('&');
        expect([400, 403]).toContain(refusal(() => check({ ...genuine, head: { ...genuine.head, rawQuery: changed } })).status);
      }),
      { numRuns: 400 },
    );
  });
});

describe('refusals', () => {
  it('no credentials', () => {
    const error = refusal(() => check({ head: { method: 'GET', rawPath: '/', rawQuery: '', rawHeaders: ['host', 'h'] }, body: Buffer.alloc(0) }));
    expect(error).toMatchObject({ code: 'MissingAuthenticationTokenException', status: 403, message: 'Missing Authentication Token' });
  });

  it('a malformed header names what it lacks', async () => {
    const wire = withHeader(await sign(PLAN), 'authorization', 'AWS4-HMAC-SHA256 Credential=A/20261125/us-east-1/lambda/aws4_request');
    expect(refusal(() => check(wire))).toMatchObject({
      code: 'IncompleteSignatureException',
      status: 400,
      message: "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
    });
    expect(refusal(() => check(withHeader(wire, 'authorization', 'Bearer x'))).code).toBe('IncompleteSignatureException');
  });

  it('an unknown key, an inactive key', async () => {
    const wire = await sign(PLAN);
    expect(refusal(() => check(wire, { ...KEY, active: false }))).toMatchObject({ code: 'UnrecognizedClientException', status: 403, message: 'The security token included in the request is invalid.' });
    expect(refusal(() => verifier.verify(verifier.present(wire.head), undefined, wire.body)).code).toBe('UnrecognizedClientException');
  });

  it('a temporary key without its token, with a wrong one, past its end', async () => {
    const bare = await sign(PLAN, { key: { ...KEY, accessKeyId: TEMPORARY.accessKeyId } });
    expect(refusal(() => check(bare, TEMPORARY)).code).toBe('UnrecognizedClientException');
    const wire = await sign(PLAN, { key: TEMPORARY });
    expect(refusal(() => check(wire, { ...TEMPORARY, tokenDigest: createHash('sha256').update('other').digest() })).code).toBe('UnrecognizedClientException');
    expect(refusal(() => check(wire, { ...TEMPORARY, expiresAt: NOW }))).toMatchObject({ code: 'ExpiredTokenException', message: 'The security token included in the request is expired' });
  });

  it('a clock that is off by more than five minutes, in the documented words', async () => {
    const wire = await sign(PLAN);
    clock.at = NOW + 300_000;
    check(wire);
    clock.at = NOW + 301_000;
    expect(refusal(() => check(wire))).toMatchObject({ code: 'InvalidSignatureException', status: 403, message: 'Signature expired: 20261125T043000Z is now earlier than 20261125T043001Z (20261125T043501Z - 5 min.)' });
    clock.at = NOW - 301_000;
    expect(refusal(() => check(wire)).message).toBe('Signature not yet current: 20261125T043000Z is still later than 20261125T042959Z (20261125T042459Z + 5 min.)');
  });

  it('a presigned request after its end', async () => {
    const wire = await sign({ ...PLAN, body: '' }, { form: 'query', expiresIn: 900 });
    clock.at = NOW + 899_000;
    check(wire);
    clock.at = NOW + 901_000;
    expect(refusal(() => check(wire)).message).toMatch(/^Signature expired: 20261125T044500Z is now earlier than/);
  });

  it('another region, another terminator', async () => {
    const elsewhere = await sign(PLAN, { region: 'eu-west-1' });
    expect(refusal(() => check(elsewhere)).message).toBe('Credential should be scoped to a valid region.');
    const wire = await sign(PLAN);
    expect(refusal(() => check(withHeader(wire, 'authorization', headerOf(wire, 'authorization').replace('aws4_request', 'aws5_request')))).message).toContain('terminator');
  });

  it('both forms at once', async () => {
    const header = await sign(PLAN);
    const query = await sign(PLAN, { form: 'query' });
    expect(refusal(() => check({ ...header, head: { ...header.head, rawQuery: query.head.rawQuery } })).code).toBe('IncompleteSignatureException');
  });
});

it('takes well under a tenth of a millisecond for a warm key', async () => {
  const wire = await sign({ ...PLAN, headers: { ...PLAN.headers, 'x-amz-invocation-type': 'RequestResponse' } });
  // The best of many short rounds: what other processes take from the machine is not of interest.
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 50; round++) {
    const started = performance.now();
    for (let index = 0; index < 200; index++) check(wire);
    best = Math.min(best, (performance.now() - started) / 200);
  }
  expect(best).toBeLessThan(0.1);
});

import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { EMPTY_PAYLOAD_HASH, signRequest, SigV4Verifier } from '../index.js';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const now = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('the signer', () => {
  it.each([
    ['s3', 'http://127.0.0.1:9000/bucket/folder/a%20b%2Bc%21.zip?versionId=a%2Fb'],
    ['s3', 'https://s3.example.com/bucket/%C3%BC'],
    ['lambda', 'http://localhost:4510/2015-03-31/functions/arn%3Aaws%3Alambda/x?Qualifier=%24LATEST&A='],
  ])('signs %s requests as the SDK does', async (service, address) => {
    const url = new URL(address);
    const theirs = await new SignatureV4({ service, region: 'us-east-1', credentials, sha256: Sha256, uriEscapePath: service !== 's3' }).sign(
      {
        method: 'GET',
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: { host: url.host, 'x-amz-content-sha256': EMPTY_PAYLOAD_HASH },
      },
      { signingDate: new Date(now) },
    );
    const ours = signRequest({ method: 'GET', url, payloadHash: EMPTY_PAYLOAD_HASH }, { region: 'us-east-1', service }, credentials, now);
    expect(ours.authorization).toBe(theirs.headers['authorization']);
  });

  it('covers further headers and the session token, and the verifier accepts it', () => {
    const url = new URL('http://127.0.0.1:9000/bucket/key');
    const headers = signRequest({ method: 'GET', url, headers: { 'x-amz-meta-a': '1' }, payloadHash: EMPTY_PAYLOAD_HASH }, { region: 'us-east-1', service: 's3' }, credentials, now);
    const verifier = new SigV4Verifier({ region: 'us-east-1', clock: { now: () => now } });
    const presented = verifier.present({ method: 'GET', rawPath: url.pathname, rawQuery: '', rawHeaders: ['host', url.host, ...Object.entries(headers).flat()] });
    verifier.verify(presented, { ...credentials, active: true }, Buffer.alloc(0));
    expect(signRequest({ method: 'GET', url, payloadHash: EMPTY_PAYLOAD_HASH }, { region: 'us-east-1', service: 's3' }, { ...credentials, sessionToken: 'T' }, now)).toMatchObject({
      'x-amz-security-token': 'T',
      authorization: expect.stringContaining('x-amz-security-token'),
    });
  });
});

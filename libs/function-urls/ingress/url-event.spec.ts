import { urlEvent, type UrlRequest } from './url-event.js';

const base: UrlRequest = {
  urlId: 'id',
  domainName: 'id.lambda-url.us-east-1.localhost',
  method: 'GET',
  rawPath: '/',
  rawQuery: '',
  protocol: 'HTTP/1.1',
  rawHeaders: ['Host', 'id.lambda-url.us-east-1.localhost:4511'],
  sourceIp: '10.0.0.1',
  forwardedFor: '10.0.0.1',
  scheme: 'http',
  port: '4511',
  traceHeader: 'Root=1-65920080-000000000000000000000001',
  requestId: '6c7bd1e4-1b9f-4b7e-9d2f-0d5c1b6f6a11',
  now: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  body: Buffer.alloc(0),
};
const event = (request: Partial<UrlRequest>): any => JSON.parse(JSON.stringify(urlEvent({ ...base, ...request })));
const posted = (type: string | undefined, body: string | Buffer) => event({ method: 'POST', rawHeaders: type === undefined ? [] : ['Content-Type', type], body: Buffer.from(body as string) });

describe('the event of a function URL', () => {
  it('has format 2.0, and leaves out what is empty', () => {
    expect(event({})).toEqual({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/',
      rawQueryString: '',
      headers: {
        host: 'id.lambda-url.us-east-1.localhost:4511',
        'x-amzn-trace-id': base.traceHeader,
        'x-forwarded-for': '10.0.0.1',
        'x-forwarded-port': '4511',
        'x-forwarded-proto': 'http',
      },
      requestContext: {
        accountId: 'anonymous',
        apiId: 'id',
        authentication: null,
        domainName: 'id.lambda-url.us-east-1.localhost',
        domainPrefix: 'id',
        http: { method: 'GET', path: '/', protocol: 'HTTP/1.1', sourceIp: '10.0.0.1' },
        requestId: base.requestId,
        routeKey: '$default',
        stage: '$default',
        time: '02/Jan/2026:03:04:05 +0000',
        timeEpoch: base.now,
      },
      isBase64Encoded: false,
    });
  });

  it('names headers in lower case, joins repeated ones, and takes the cookies out', () => {
    const { headers, cookies, requestContext } = event({ rawHeaders: ['X-A', '1', 'x-a', '2', 'User-Agent', 'test', 'Cookie', 'a=1; b=2', 'cookie', 'c=3'] });
    expect(headers).toMatchObject({ 'x-a': '1,2', 'user-agent': 'test' });
    expect(headers).not.toHaveProperty('cookie');
    expect(cookies).toEqual(['a=1', 'b=2', 'c=3']);
    expect(requestContext.http.userAgent).toBe('test');
  });

  it('decodes the path once, keeps the raw query, and joins repeated parameters', () => {
    const { rawPath, rawQueryString, queryStringParameters, requestContext } = event({ rawPath: '/a%20b/%2541', rawQuery: 'x=1&x=2&y=a%20b+c&z' });
    expect(rawPath).toBe('/a b/%41');
    expect(requestContext.http.path).toBe('/a b/%41');
    expect(rawQueryString).toBe('x=1&x=2&y=a%20b+c&z');
    expect(queryStringParameters).toEqual({ x: '1,2', y: 'a b c', z: '' });
    expect(event({ rawPath: '/%zz' }).rawPath).toBe('/%zz');
  });

  it.each(['text/plain', 'text/html; charset=utf-8', 'application/json', 'application/xml', 'application/javascript', 'application/vnd.api+json'])('gives %s as text', (type) => {
    expect(posted(type, '{"ü":1}')).toMatchObject({ body: '{"ü":1}', isBase64Encoded: false });
  });

  it.each(['application/octet-stream', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'image/png', undefined])('gives %s as base64', (type) => {
    expect(posted(type, 'abc')).toMatchObject({ body: 'YWJj', isBase64Encoded: true });
  });

  it('gives text that is no UTF-8 as base64, and no body as none', () => {
    expect(posted('text/plain', Buffer.of(0xff))).toMatchObject({ body: '/w==', isBase64Encoded: true });
    expect(posted('text/plain', '')).not.toHaveProperty('body');
  });

  it('names an IAM caller, without what could be used in its name', () => {
    const { requestContext, headers } = event({
      rawHeaders: ['Authorization', 'AWS4-HMAC-SHA256 ...', 'X-Amz-Security-Token', 'token', 'X-Amz-Date', '20260102T030405Z'],
      caller: { accessKeyId: 'AKIA1', accountId: '111122223333', principalArn: 'arn:aws:iam::111122223333:user/ann', principalId: 'AIDA1' },
    });
    expect(requestContext.accountId).toBe('111122223333');
    expect(requestContext.authorizer).toEqual({
      iam: { accessKey: 'AKIA1', accountId: '111122223333', callerId: 'AIDA1', cognitoIdentity: null, principalOrgId: null, userArn: 'arn:aws:iam::111122223333:user/ann', userId: 'AIDA1' },
    });
    expect(headers).toHaveProperty('x-amz-date');
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('x-amz-security-token');
  });
});

import { createHash, createHmac } from 'node:crypto';
import type { Credentials } from './platform.js';

const hex = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();

/**
 * A whole HTTP/1.1 request with a SigV4 signature. A signature binds the time and the body, not a nonce, and is good for
 * 5 minutes: the load client may send the same bytes again. Each run is signed afresh.
 */
export function signedRequest(options: { credentials: Credentials; host: string; method: string; path: string; body: Buffer; headers?: Record<string, string> }): Buffer {
  const { credentials, host, method, path, body } = options;
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${date.slice(0, 8)}/us-east-1/lambda/aws4_request`;
  const headers: Record<string, string> = { ...options.headers, 'content-type': 'application/json', host, 'x-amz-content-sha256': hex(body), 'x-amz-date': date };
  const names = Object.keys(headers).sort();
  const canonical = [method, encodeURI(path), '', ...names.map((name) => `${name}:${headers[name]}`), '', names.join(';'), hex(body)].join('\n');
  const key = ['us-east-1', 'lambda', 'aws4_request'].reduce<Buffer>(hmac, hmac(`AWS4${credentials.secretAccessKey}`, date.slice(0, 8)));
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, hex(canonical)].join('\n')).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return request({ method, path, headers: { ...headers, authorization }, body });
}

export function request(options: { method: string; path: string; headers: Record<string, string>; body: Buffer }): Buffer {
  const lines = Object.entries({ ...options.headers, 'content-length': String(options.body.length) }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${options.method} ${options.path} HTTP/1.1\r\n${lines.join('')}\r\n`), options.body]);
}

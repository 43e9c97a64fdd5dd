import { MAX_SKEW_MS, requireFleetSecret, signatureHeaders, verify } from './fleet-signature.js';

describe('signatures of fleet requests', () => {
  const secret = 'a secret of the fleet';
  const body = Buffer.from('body');
  const headers = signatureHeaders(secret, '/invoke', body, 1_000_000);

  it('hold for the same secret, path, time and body, and for nothing else', () => {
    expect(verify(secret, '/invoke', headers, body, 1_000_000)).toBe('valid');
    expect(verify('another secret of it', '/invoke', headers, body, 1_000_000)).toBe('wrong-signature');
    expect(verify(secret, '/other', headers, body, 1_000_000)).toBe('wrong-signature');
    expect(verify(secret, '/invoke', headers, Buffer.from('b0dy'), 1_000_000)).toBe('wrong-signature');
    expect(verify(secret, '/invoke', { ...headers, 'x-hearth-time': '1000001' }, body, 1_000_000)).toBe('wrong-signature');
    expect(verify(secret, '/invoke', {}, body, 1_000_000)).toBe('wrong-signature');
  });

  it('run out', () => {
    expect(verify(secret, '/invoke', headers, body, 1_000_000 + MAX_SKEW_MS)).toBe('valid');
    expect(verify(secret, '/invoke', headers, body, 1_000_001 + MAX_SKEW_MS)).toBe('wrong-time');
    expect(verify(secret, '/invoke', headers, body, 999_999 - MAX_SKEW_MS)).toBe('wrong-time');
  });

  it('need a secret', () => {
    expect(() => requireFleetSecret(undefined)).toThrow('HEARTH_FLEET_SECRET is not set.');
  });
});

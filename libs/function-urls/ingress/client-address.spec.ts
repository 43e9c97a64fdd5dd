import { clientAddress } from './client-address.js';

describe("a client's address", () => {
  it('is that of the connection, whatever a header claims', () => {
    expect(clientAddress('::ffff:10.0.0.9', '1.2.3.4', 0)).toEqual({ sourceIp: '10.0.0.9', forwardedFor: '1.2.3.4, 10.0.0.9' });
    expect(clientAddress('2001:db8::1', undefined, 0)).toEqual({ sourceIp: '2001:db8::1', forwardedFor: '2001:db8::1' });
  });

  it('is what the nearest trusted proxies saw', () => {
    expect(clientAddress('10.0.0.1', 'forged, 5.6.7.8', 1)).toEqual({ sourceIp: '5.6.7.8', forwardedFor: 'forged, 5.6.7.8' });
    expect(clientAddress('10.0.0.1', 'forged,5.6.7.8,10.0.0.2', 2).sourceIp).toBe('5.6.7.8');
    expect(clientAddress('10.0.0.1', undefined, 1).sourceIp).toBe('10.0.0.1');
  });
});

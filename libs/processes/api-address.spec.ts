import { ApiAddress } from './api-address.js';

const address = (HEARTH_HOST: string, HEARTH_PORT: number, HEARTH_API_URL?: string) => new ApiAddress({ HEARTH_HOST, HEARTH_PORT, HEARTH_API_URL });

describe("the address of Hearth's API for functions", () => {
  it('is the configured one, whatever this process listens on', () => {
    const configured = address('0.0.0.0', 4510, 'https://api.example.com');
    configured.isOpen('http://0.0.0.0:4510');
    expect(configured.url).toBe('https://api.example.com');
  });

  it('is on this machine otherwise', () => {
    expect(address('127.0.0.1', 4510).url).toBe('http://127.0.0.1:4510');
    expect(address('0.0.0.0', 4511).url).toBe('http://127.0.0.1:4511');
    expect(address('::', 4511).url).toBe('http://127.0.0.1:4511');
    expect(address('::1', 4512).url).toBe('http://[::1]:4512');
  });

  it('is known once the endpoint is open, with a port that the system chose', () => {
    const chosen = address('127.0.0.1', 0);
    expect(chosen.url).toBeUndefined();
    chosen.isOpen('http://127.0.0.1:40123');
    expect(chosen.url).toBe('http://127.0.0.1:40123');
  });
});

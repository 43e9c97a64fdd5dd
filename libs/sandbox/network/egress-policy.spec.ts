import { egressPolicy, routingRules, type EgressPolicy, type Surroundings } from './egress-policy.js';
import { localAddresses } from './host-addresses.js';
import { networkOf, parseNetwork, toNumber } from './ipv4.js';

const around: Surroundings = { hostAddresses: ['203.0.113.9'], sandboxes: ['172.30.0.0/16'], attached: [] };

/** As the kernel decides: the first rule by priority that covers the address; without one, the routing table. */
function reaches(address: string, policy: EgressPolicy, surroundings = around): boolean {
  const covering = routingRules(policy, surroundings).filter(({ destination }) => {
    const { base, length } = parseNetwork(destination)!;
    return Math.floor(toNumber(address) / 2 ** (32 - length)) === Math.floor(base / 2 ** (32 - length));
  });
  return covering.sort((a, b) => a.priority - b.priority)[0]?.where !== 'no';
}

describe('what a sandbox may reach', () => {
  const everything: EgressPolicy = { mode: 'allow-list', allow: ['0.0.0.0/0'] };

  it.each([
    '169.254.169.254',
    '169.254.170.2',
    '168.63.129.16',
    '192.0.0.192',
    '100.100.100.200',
    '203.0.113.9',
    '172.30.4.5',
    '224.0.0.251',
    '255.255.255.255',
    '127.0.0.1',
    '0.0.0.0',
  ])('is never %s', (address) => {
    for (const policy of [
      { mode: 'open', allow: [] },
      { mode: 'open', allow: [`${address}/32`] },
      everything,
      { mode: 'none', allow: [] },
    ] as EgressPolicy[])
      expect(reaches(address, policy)).toBe(false);
  });

  it.each(['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '198.18.0.1'])(
    'is not %s, unless it is allowed',
    (address) => {
      expect(reaches(address, { mode: 'open', allow: [] })).toBe(false);
      expect(reaches(address, { mode: 'open', allow: [`${address}/32`] })).toBe(true);
    },
  );

  it('is the internet, where it is open', () => {
    for (const address of ['1.1.1.1', '203.0.113.10', '172.32.0.1', '11.0.0.1']) {
      expect(reaches(address, { mode: 'open', allow: [] })).toBe(true);
      expect(reaches(address, { mode: 'allow-list', allow: ['10.0.0.0/8'] })).toBe(false);
    }
    expect(reaches('10.9.9.9', { mode: 'allow-list', allow: ['10.0.0.0/8'] })).toBe(true);
  });

  it('is who else is in its network, but no other sandbox there and not the host', () => {
    const attached: Surroundings = { hostAddresses: ['172.20.0.1'], sandboxes: ['172.20.0.7'], attached: ['172.20.0.0/16'] };
    expect(
      ['172.20.0.5', '172.20.0.7', '172.20.0.1', '172.21.0.5', '1.1.1.1'].map((address) =>
        reaches(address, { mode: 'none', allow: [] }, attached),
      ),
    ).toEqual([true, false, false, false, false]);
  });
});

describe('networks by their text', () => {
  it('are read', () => {
    expect(parseNetwork('10.0.0.0/8')).toEqual({ base: 0x0a00_0000, length: 8 });
    expect(parseNetwork('255.255.255.255')).toEqual({ base: 0xffff_ffff, length: 32 });
    expect(parseNetwork('0.0.0.0/0')).toEqual({ base: 0, length: 0 });
    for (const wrong of ['10.0.0.1/8', '10.0.0/8', '10.0.0.0/33', '::1', '10.0.0.0/8/8', 'x', ''])
      expect(parseNetwork(wrong)).toBeUndefined();
    expect(networkOf('172.18.0.1/16')).toBe('172.18.0.0/16');
  });

  it('are refused as a setting when they are none', () => {
    expect(() => egressPolicy('open', ['10.0.0.1/8'])).toThrow('10.0.0.1/8 is no IPv4 network');
  });

  it('are found in the routing table of the host', () => {
    expect(
      localAddresses(
        'Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 192.0.2.2\n        /32 host LOCAL\n     |-- 192.0.2.255\n        /32 link BROADCAST\n',
      ),
    ).toEqual(['192.0.2.2']);
  });
});

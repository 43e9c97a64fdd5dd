import { FunctionCache } from './function-cache.js';

const feed = { isLive: () => true };
const reading = (value: string, scopes = [value]) => async () => ({ scopes, stamp: value, make: () => value });

describe('what a process remembers of functions', () => {
  it('makes room by forgetting what nobody asked for', async () => {
    const cache = new FunctionCache<string>(feed, 3);
    for (const name of ['a', 'b', 'c']) await cache.load(name, reading(name));
    expect(cache.get('a')).toMatchObject({ value: 'a' });
    await cache.load('d', reading('d'));
    expect(['a', 'b', 'c', 'd'].filter((name) => cache.get(name) !== undefined)).toEqual(['a', 'c', 'd']);
  });

  it('keeps within its bound when everything is asked for', async () => {
    const cache = new FunctionCache<string>(feed, 3);
    for (let round = 0; round < 20; round++) {
      await cache.load(`${round}`, reading(`${round}`));
      for (let back = 0; back <= round; back++) void cache.get(`${back}`);
    }
    expect(Array.from({ length: 20 }, (_, round) => cache.get(`${round}`)).filter((entry) => entry !== undefined)).toHaveLength(3);
  });

  it('forgets every key of a scope, one or several, and keeps those of others', async () => {
    const cache = new FunctionCache<string>(feed);
    await cache.load('one', reading('one', ['f', 'account']));
    await cache.load('other', reading('other', ['g', 'account']));
    await cache.load('alias', reading('alias', ['f', 'account']));
    cache.onChange('f');
    expect([cache.get('one'), cache.get('alias')]).toEqual([undefined, undefined]);
    expect(cache.get('other')).toMatchObject({ value: 'other' });
    await cache.load('one', reading('one', ['f', 'account']));
    cache.onChange('account');
    expect([cache.get('one'), cache.get('other')]).toEqual([undefined, undefined]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { mapRepository, parseImageName } from './image-name.js';

const DIGEST = 'a'.repeat(64);

describe('names of container images', () => {
  it.each([
    ['app', { repository: 'app' }],
    ['team/app:1.2', { repository: 'team/app', tag: '1.2' }],
    ['localhost/app', { repository: 'localhost/app', registry: 'localhost' }],
    ['127.0.0.1:5000/team/app:Latest_1', { repository: '127.0.0.1:5000/team/app', registry: '127.0.0.1:5000', tag: 'Latest_1' }],
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:v1', { repository: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app', registry: '123456789012.dkr.ecr.eu-west-1.amazonaws.com', tag: 'v1' }],
    [`registry.example.com/app:v1@sha256:${DIGEST}`, { repository: 'registry.example.com/app', registry: 'registry.example.com', tag: 'v1', digest: DIGEST }],
  ])('reads %s', (text, expected) => {
    expect(parseImageName(text)).toEqual(expected);
  });

  it.each(['', 'App', 'app:', 'a b', 'app@sha256:12', `sha256:${DIGEST}/../x`, '../app', 'app:tag:tag', 'https://registry.example.com/app', 'app?x=1', 'a//b', `${'a'.repeat(600)}`])('refuses %j', (text) => {
    expect(parseImageName(text)).toBeUndefined();
  });

  it('puts one registry in the place of another', () => {
    const mappings = [
      { from: '*.dkr.ecr.*.amazonaws.com', to: 'registry.example.com:5000/ecr' },
      { from: 'old.example.com', to: 'new.example.com' },
    ];
    expect(mapRepository('123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app', mappings)).toBe('registry.example.com:5000/ecr/team/app');
    expect(mapRepository('old.example.com/app', mappings)).toBe('new.example.com/app');
    expect(mapRepository('oldXexample.com/app', mappings)).toBe('oldXexample.com/app');
    expect(mapRepository('evil.example.com.dkr.ecr.x.amazonaws.com.attacker.example/app', mappings)).toBe('evil.example.com.dkr.ecr.x.amazonaws.com.attacker.example/app');
    expect(mapRepository('app', mappings)).toBe('app');
  });
});

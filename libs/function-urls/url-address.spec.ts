import { calledUrl, domainOf, newUrlId, urlOf } from './url-address.js';

const ID = 'abcdefghijklmnopqrstuvwxyz012345';

describe('addresses of function URLs', () => {
  it('have an id of 32 lower-case letters and digits', () => {
    for (let count = 0; count < 50; count++) expect(newUrlId()).toMatch(/^[a-z0-9]{32}$/);
    expect(newUrlId()).not.toBe(newUrlId());
  });

  it('put id and region before the domain, and end with a slash', () => {
    expect(urlOf(ID, { region: 'us-east-1', baseUrl: 'http://localhost:4511' })).toBe(`http://${ID}.lambda-url.us-east-1.localhost:4511/`);
    expect(urlOf(ID, { region: 'eu-west-1', baseUrl: 'https://on.example.com/' })).toBe(`https://${ID}.lambda-url.eu-west-1.on.example.com/`);
    expect(domainOf(ID, { region: 'us-east-1', baseUrl: 'http://localhost:4511' })).toBe(`${ID}.lambda-url.us-east-1.localhost`);
  });

  it('are recognised by host name, whatever the domain, or by path', () => {
    expect(calledUrl(`${ID}.lambda-url.us-east-1.localhost:4511`, '/a/b', 'us-east-1')).toEqual({ urlId: ID, rawPath: '/a/b' });
    expect(calledUrl(`${ID.toUpperCase()}.Lambda-URL.us-east-1.example.org`, '/', 'us-east-1')).toEqual({ urlId: ID, rawPath: '/' });
    expect(calledUrl('127.0.0.1:4511', `/_url/${ID}/a%20b/`, 'us-east-1')).toEqual({ urlId: ID, rawPath: '/a%20b/' });
    expect(calledUrl('127.0.0.1:4511', `/_url/${ID}`, 'us-east-1')).toEqual({ urlId: ID, rawPath: '/' });
    // A function that is named by the host keeps its whole path.
    expect(calledUrl(`${ID}.lambda-url.us-east-1.localhost`, `/_url/${ID}/x`, 'us-east-1')).toEqual({ urlId: ID, rawPath: `/_url/${ID}/x` });
  });

  it.each([
    ['another region', `${ID}.lambda-url.eu-west-1.localhost`, '/'],
    ['an id that is too short', `${ID.slice(1)}.lambda-url.us-east-1.localhost`, '/'],
    ['no id', 'localhost', '/'],
    ['an id that goes on', '127.0.0.1', `/_url/${ID}x/`],
    ['no host', undefined, '/_url/'],
  ])('are not seen in %s', (_what, host, path) => {
    expect(calledUrl(host, path, 'us-east-1')).toBeUndefined();
  });
});

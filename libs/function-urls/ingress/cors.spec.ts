import { answerHeaders, preflightHeaders } from './cors.js';

const preflight = { origin: 'https://app.example.com', method: 'PUT', headers: 'x-a,x-b' };

describe('CORS of function URLs', () => {
  it('answers a preflight with the settings', () => {
    expect(preflightHeaders({ AllowOrigins: ['*'], AllowMethods: ['GET', 'PUT'], AllowHeaders: ['x-a', 'x-b'], MaxAge: 600 }, preflight)).toEqual({
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': 'GET,PUT',
      'Access-Control-Allow-Headers': 'x-a,x-b',
      'Access-Control-Max-Age': '600',
    });
  });

  it('defaults MaxAge to 0 and leaves out what is not set', () => {
    expect(preflightHeaders({ AllowOrigins: ['*'] }, preflight)).toEqual({ 'Access-Control-Allow-Origin': '*', 'Access-Control-Max-Age': '0' });
  });

  it('with credentials echoes the origin and names what was asked for, because * would mean itself', () => {
    expect(preflightHeaders({ AllowOrigins: ['*'], AllowMethods: ['*'], AllowHeaders: ['*'], AllowCredentials: true }, preflight)).toEqual({
      'Access-Control-Allow-Origin': 'https://app.example.com',
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Methods': 'PUT',
      'Access-Control-Allow-Headers': 'x-a,x-b',
      'Access-Control-Max-Age': '0',
      Vary: 'Origin',
    });
  });

  it('gives an origin that is not listed nothing', () => {
    expect(preflightHeaders({ AllowOrigins: ['https://other.example.com'], AllowMethods: ['*'] }, preflight)).toEqual({});
    expect(answerHeaders({ AllowOrigins: ['https://other.example.com'], ExposeHeaders: ['x-c'] }, preflight.origin)).toEqual({});
    expect(answerHeaders({}, preflight.origin)).toEqual({});
    expect(answerHeaders({ AllowOrigins: ['*'] }, undefined)).toEqual({});
  });

  it.each([
    ['https://app.example.com', true],
    ['https://*', true],
    ['https://*.example.com', true],
    ['HTTPS://APP.example.com', true],
    ['http://*', false],
    ['https://*.example.org', false],
    ['https://app.example.com:8443', false],
    ['https://app.example.com*https://app.example.com', false],
  ])('origin pattern %s: %s', (pattern, listed) => {
    const headers = answerHeaders({ AllowOrigins: [pattern], ExposeHeaders: ['x-c', 'x-d'] }, 'https://app.example.com');
    expect(headers).toEqual(listed ? { 'Access-Control-Allow-Origin': 'https://app.example.com', 'Access-Control-Expose-Headers': 'x-c,x-d', Vary: 'Origin' } : {});
  });
});

import { baseUrlFor } from './base-url.js';

const PUBLIC = 'https://hearth.example.com';

it.each([
  ['hearth.example.com', PUBLIC, PUBLIC],
  ['hearth.example.com:443', PUBLIC, PUBLIC],
  ['10.0.0.7:4510', PUBLIC, PUBLIC],
  ['127.evil.example.com', PUBLIC, PUBLIC],
  ['localhost.example.com', PUBLIC, PUBLIC],
  [undefined, PUBLIC, PUBLIC],
  ['127.0.0.1:4510', PUBLIC, 'http://127.0.0.1:4510'],
  ['localhost:14510', PUBLIC, 'http://localhost:14510'],
  ['[::1]:4510', PUBLIC, 'http://[::1]:4510'],
  ['10.0.0.7:4510', undefined, 'http://10.0.0.7:4510'],
])('who called %s with the public address %s finds links at %s', (host, publicUrl, expected) => {
  expect(baseUrlFor(host, publicUrl)).toBe(expected);
});

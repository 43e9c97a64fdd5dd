import { headerErrorType } from './runtime-channel.js';

it.each([
  ['Runtime.BadThing', 'Runtime.BadThing'],
  ['Function.Broken', 'Function.Broken'],
  ['Function.not good', 'Function.Unknown'],
  ['TypeError', 'Runtime.Unknown'],
  [undefined, 'Runtime.Unknown'],
])('the error type header %s counts as %s', (value, expected) => expect(headerErrorType(value)).toBe(expected));

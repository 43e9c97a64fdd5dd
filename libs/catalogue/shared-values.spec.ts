import { SharedValues } from './shared-values.js';

it('functions with the same settings have them from one object, which nobody can change', () => {
  const shared = new SharedValues();
  const settings = shared.object({ reserved: 5, provisioned: { qualifier: 'live' } });
  expect(shared.object({ reserved: 5, provisioned: { qualifier: 'live' } })).toBe(settings);
  expect(shared.object({ reserved: 6 })).toEqual({ reserved: 6 });
  expect(() => Object.assign(settings, { reserved: 7 })).toThrow(TypeError);
});

it('gives back the text that it was given', () => {
  const shared = new SharedValues();
  for (let index = 0; index < 25_000; index++) expect(shared.text(`handler-${index}`)).toBe(`handler-${index}`);
});

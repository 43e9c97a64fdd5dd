import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { shellEnvironment } from './shell-environment.js';

describe('the environment file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hearth-environment-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('gives a shell exactly the values', () => {
    const file = join(directory, 'env');
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^['"\\$`\n !*~;&|<>(){}#=]*$/));
    const value = text.map((one) => one.replaceAll('\0', ''));
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^HT_[A-Za-z0-9_]{1,8}$/), value, { maxKeys: 6 }), (environment) => {
        writeFileSync(file, shellEnvironment(environment));
        const output = execFileSync('/bin/sh', ['-c', '. "$1"; exec env -0', 'sh', file], { env: {} }).toString();
        const found = Object.fromEntries(output.split('\0').filter((one) => one.startsWith('HT_')).map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]));
        // What is no Unicode has no bytes of its own: it is written as U+FFFD.
        expect(found).toEqual(Object.fromEntries(Object.entries(environment).map(([name, one]) => [name, one.toWellFormed()])));
      }),
      { numRuns: 60 },
    );
  });

  it('refuses what no process can hold', () => {
    expect(() => shellEnvironment({ 'A-B': '' })).toThrow(RangeError);
    expect(() => shellEnvironment({ 'A=$(id)': '' })).toThrow(RangeError);
    expect(() => shellEnvironment({ A: 'x\0y' })).toThrow(RangeError);
  });
});

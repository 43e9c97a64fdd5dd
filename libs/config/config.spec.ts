import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';
import { loadSettings, settingsReference } from './index.js';

describe('settings', () => {
  it('have defaults that need no environment', () => {
    const settings = loadSettings({});
    expect(settings.HEARTH_PORT).toBe(4510);
    expect(settings.HEARTH_ASYNC_RETRY_DELAYS_MS).toEqual([60_000, 120_000]);
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('treat an empty variable as absent', () => {
    expect(loadSettings({ HEARTH_PORT: '' }).HEARTH_PORT).toBe(4510);
  });

  it('refuse wrong values with one sentence that names every setting', () => {
    expect(() => loadSettings({ HEARTH_PORT: 'many', HEARTH_REGION: 'nowhere' })).toThrow(/HEARTH_REGION.*HEARTH_PORT|HEARTH_PORT.*HEARTH_REGION/);
  });

  it('are documented: docs/configuration.md is what the table says', () => {
    expect(readFileSync(join(projectRoot(), 'docs/configuration.md'), 'utf8')).toBe(settingsReference());
  });
});

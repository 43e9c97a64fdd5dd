import { settingsSchema } from './settings.js';

/** docs/configuration.md, made from the one table of settings. A spec fails when the committed file differs. */
export function settingsReference(): string {
  const rows = Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined);
    const value = fallback.success && fallback.data !== undefined ? String(fallback.data) : '';
    return `| \`${name}\` | ${value === '' ? '' : `\`${value}\``} | ${(schema.description ?? '').replaceAll('|', '\\|')} |`;
  });
  return [
    '# Configuration',
    '',
    '<!-- Generated from libs/config/settings.ts by `./hearth docs`. Do not edit. -->',
    '',
    'Every setting is an environment variable, read once at start. A wrong value stops the start with a sentence that names it.',
    '',
    '| Name | Default | Meaning |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

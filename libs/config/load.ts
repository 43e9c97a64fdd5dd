import { OperatorError } from '@hearth/kernel';
import { settingsSchema, type Settings } from './settings.js';

/**
 * Reads the environment once into a frozen, validated object.
 * @throws OperatorError naming every setting that is wrong
 */
export function loadSettings(environment: Record<string, string | undefined> = process.env): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([name, value]) => name in settingsSchema.shape && value !== ''));
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new OperatorError(`Wrong settings: ${faults}.`, 'Correct these environment variables; docs/configuration.md lists what each one takes.');
  }
  return Object.freeze(parsed.data);
}

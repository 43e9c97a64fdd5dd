export { loadSettings } from './load.js';
export { settingsSchema, type Settings } from './settings.js';
export { settingsReference } from './reference.js';

export { createDurable, type Durable, type DurableOptions } from './create-durable.js';

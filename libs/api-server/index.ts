export * from '../../apps/control-plane/src/index.js';

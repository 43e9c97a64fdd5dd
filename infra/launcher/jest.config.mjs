/** The root configuration, with black-box tests one after the other: they share the machine's Docker engine and measure time. */
import { fileURLToPath } from 'node:url';
import root from '../../jest.config.mjs';

const rootDir = fileURLToPath(new URL('../..', import.meta.url));
const runner = fileURLToPath(new URL('serial-runner.cjs', import.meta.url));

export default {
  ...root,
  rootDir,
  projects: root.projects.map((project) => ({ ...project, rootDir, ...(project.displayName === 'e2e' ? { runner } : {}) })),
};

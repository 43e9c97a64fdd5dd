/**
 * One Jest run for the whole repository. Projects differ only in what they need:
 * `unit` needs nothing, `integration` a Postgres, a Redis and a Docker engine, `e2e` a built platform.
 */
const base = {
  rootDir: '.',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
  moduleNameMapper: {
    '^@hearth/(.*)$': '<rootDir>/libs/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': ['@swc/jest', { swcrc: false, sourceMaps: 'inline', module: { type: 'es6' }, jsc: { target: 'es2024', keepClassNames: true, parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true, decoratorMetadata: true } } }] },
  transformIgnorePatterns: ['/node_modules/'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.hearth/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.hearth/'],
};

export default {
  testTimeout: 60_000,
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{libs,apps,infra}/**/*.spec.ts'] },
    { ...base, displayName: 'integration', testMatch: ['<rootDir>/{libs,apps}/**/*.integration.test.ts'] },
    { ...base, displayName: 'e2e', testMatch: ['<rootDir>/apps/e2e/**/*.e2e.test.ts'] },
  ],
};

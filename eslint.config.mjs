import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** Which domain may use which: architecture section 3. Every domain may use foundation and platform. */
const DOMAIN_EDGES = {
  iam: [],
  artifacts: [],
  catalogue: ['artifacts', 'iam'],
  logs: [],
  sandbox: ['artifacts'],
  'auto-scaling': [],
  fleet: ['sandbox'],
  invocation: ['catalogue', 'fleet'],
  durable: ['catalogue', 'invocation'],
  'function-urls': ['catalogue', 'iam', 'invocation'],
  'event-sources': ['catalogue', 'invocation'],
  'api-server': ['catalogue', 'iam', 'invocation'],
};

const depConstraints = [
  { sourceTag: 'layer:foundation', onlyDependOnLibsWithTags: ['layer:foundation'] },
  { sourceTag: 'layer:platform', onlyDependOnLibsWithTags: ['layer:foundation', 'layer:platform'] },
  { sourceTag: 'layer:composition', onlyDependOnLibsWithTags: ['layer:foundation', 'layer:platform', 'layer:domain'] },
  { sourceTag: 'layer:app', onlyDependOnLibsWithTags: ['layer:foundation', 'layer:platform', 'layer:domain', 'layer:composition'] },
  ...Object.entries(DOMAIN_EDGES).map(([domain, edges]) => ({
    sourceTag: `lib:${domain}`,
    onlyDependOnLibsWithTags: ['layer:foundation', 'layer:platform', `lib:${domain}`, ...edges.map((edge) => `lib:${edge}`)],
  })),
];

export default [
  { ignores: ['dist', 'node_modules', '.hearth', '.nx', 'prisma/generated', '**/*.py', 'examples/**'] },
  ...nx.configs['flat/base'],
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { enforceBuildableLibDependency: false, allow: ['../../prisma/generated/client.js'], depConstraints }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: 'error',
      'no-console': 'off',
    },
  },
];

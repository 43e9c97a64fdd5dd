import type { RuntimeLanguage } from './runtime-language.js';

const PROBE = `
import { setTimeout } from 'node:timers/promises';
import { execFileSync } from 'node:child_process';
import { name as common } from 'common';
import { name as versioned } from 'versioned';
import { name as own } from 'own';

class OrderMissing extends Error {
  constructor(message) { super(message); this.name = 'OrderMissing'; }
}
const probes = {
  context: (event, context) => ({
    functionName: context.functionName, functionVersion: context.functionVersion, invokedFunctionArn: context.invokedFunctionArn,
    memoryLimit: context.memoryLimitInMB, requestId: context.awsRequestId, logGroup: context.logGroupName, logStream: context.logStreamName,
    remaining: context.getRemainingTimeInMillis(), clientContext: context.clientContext,
  }),
  environment: () => process.env,
  throw: () => null.x,
  custom: () => { throw new OrderMissing('no order 7'); },
  log: () => {
    process.stdout.write('plain\\n');
    console.debug('detail'); console.info('two\\nlines'); console.error(new OrderMissing('no order 8'));
  },
  layer: () => ({ common, versioned, own, tool: execFileSync('tool').toString().trim() }),
  sdk: async () => [(await import('@aws-sdk/client-s3')).S3Client.name, (await import('@aws-sdk/client-sts')).name],
  exit: () => process.exit(3),
  never: () => setTimeout(60_000),
};
export const handler = async (event, context) => probes[event.probe](event, context);
`;
const named = (name: string): string => `exports.name = '${name}';`;

export const nodejs: RuntimeLanguage = {
  name: 'Node.js',
  runtimes: ['nodejs20.x', 'nodejs22.x', 'nodejs24.x'],
  handler: 'src/probe.handler',
  code: async () => ({
    'src/probe.mjs': PROBE,
    'node_modules/own/index.js': named('function'),
    // The function's own copy of what the image brings too.
    'node_modules/@aws-sdk/client-sts/index.js': named('own of the function'),
  }),
  layer: async (runtime) => ({
    'nodejs/node_modules/own/index.js': named('layer'),
    'nodejs/node_modules/common/index.js': named('layer'),
    'nodejs/node_modules/versioned/index.js': named('for all'),
    [`nodejs/node${/\d+/.exec(runtime)?.[0]}/node_modules/versioned/index.js`]: named('for this version'),
    'bin/tool': '#!/bin/sh\necho tool of the layer\n',
  }),
  thrown: { errorType: 'TypeError', errorMessage: expect.stringContaining("reading 'x'") },
  custom: { errorType: 'OrderMissing', errorMessage: 'no order 7' },
  trace: { member: 'trace', line: /file:\/\/\/var\/task\/src\/probe\.mjs:\d+:\d+/ },
  textLog: [/^plain$/, /^\S+Z\t[-0-9a-f]{36}\tDEBUG\tdetail$/, /^\S+Z\t[-0-9a-f]{36}\tINFO\ttwo\rlines$/, /^\S+Z\t[-0-9a-f]{36}\tERROR\tOrderMissing: no order 8\r/],
  jsonLog: [{ level: 'ERROR', requestId: expect.any(String), message: expect.objectContaining({ errorMessage: 'no order 8' }) }],
  sdk: ['S3Client', 'own of the function'],
  environment: (runtime) => ({
    NODE_PATH: `/opt/nodejs/node${/\d+/.exec(runtime)?.[0]}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task`,
  }),
  exit: { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/Error: Runtime exited with error: exit status 3$/) },
  forms: [
    { what: 'a nested export of a CommonJS module', handler: 'a/b.orders.list', files: { 'a/b.js': 'exports.orders = { list: (event) => Promise.resolve([event.n]) };' }, event: { n: 7 }, answer: [7] },
    { what: 'an ES module by its package, with await at its top', handler: 'index.handler', files: { 'package.json': '{"type":"module"}', 'index.js': 'const n = await Promise.resolve(1); export const handler = async (event) => event.n + n;' }, event: { n: 6 }, answer: 7 },
  ],
  broken: [
    { what: 'a missing module', handler: 'nothing.handler', files: {}, error: { errorType: 'Runtime.ImportModuleError', errorMessage: expect.stringContaining("Cannot find module 'nothing'") } },
    { what: 'a missing export', handler: 'index.nothing', files: { 'index.js': '' }, error: { errorType: 'Runtime.HandlerNotFound', errorMessage: 'index.nothing is undefined or not exported' } },
    { what: 'a syntax error', handler: 'index.handler', files: { 'index.js': 'exports.handler = (' }, error: { errorType: 'Runtime.UserCodeSyntaxError', errorMessage: expect.stringContaining('SyntaxError') } },
  ],
};

/** Executables on provided.al2023 with the official clients of Go (aws-lambda-go) and Rust (lambda_runtime), in real containers. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { DockerDriver } from './drivers/docker-driver.js';
import type { FunctionSpec } from './function-spec.js';
import { SandboxPool } from './pool/sandbox-pool.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import { answerOf, requestFor, specFor, TEST_LIMITS } from './testing/bench.js';
import { compileBootstrap, hasCargo } from './testing/native/compile.js';

const COMPILE_MS = 400_000;
const cargo = await hasCargo();

const languages = [
  {
    language: 'go' as const,
    custom: { errorType: 'OrderMissing', errorMessage: 'no order 7' },
    panic: { errorType: 'string', errorMessage: 'all is lost', stackTrace: expect.any(Array) },
    panicEnds: true,
  },
  ...(cargo ? [{ language: 'rust' as const, custom: { errorType: expect.any(String), errorMessage: 'no order 7' }, panic: { errorMessage: expect.stringContaining('all is lost') }, panicEnds: false }] : []),
];
if (!cargo) it.skip('Rust: needs cargo 1.85 or newer', () => undefined);

describe.each(languages)('a bootstrap in $language', ({ language, custom, panic, panicEnds }) => {
  let root: string;
  let pool: SandboxPool;
  let spec: FunctionSpec;
  const probe = (name: string) => pool.invoke({ ...requestFor(spec, { probe: name }), clientContext: '{"custom":{"tier":"gold"}}' });

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'hearth-native-'));
    await mkdir(join(root, 'code'));
    await writeFile(join(root, 'code/bootstrap'), await compileBootstrap(language), { mode: 0o755 });
    pool = new SandboxPool({
      driver: new DockerDriver({ docker: new Docker(), catalogue: RuntimeCatalogue.load(process.env.HEARTH_RUNTIMES_FILE), stateDirectory: root, incarnation: randomUUID().slice(0, 8), labels: { 'hearth.test': 'rt' }, report: () => undefined }),
      codeDirectory: async (digest) => join(root, digest),
      layersDirectory: async (digests) => join(root, digests[0]!),
      logSink: { write: () => undefined },
      limits: TEST_LIMITS,
      report: () => undefined,
    });
    await pool.start();
    spec = specFor('code', { runtime: 'provided.al2023', handler: 'ignored', memoryMb: 128 });
  }, COMPILE_MS);
  afterAll(async () => {
    await pool?.stop();
    await rm(root, { recursive: true, force: true });
  });

  it('answers, warm and cold', async () => {
    expect(answerOf(await probe('echo'))).toMatchObject({ probe: 'echo' });
    expect((await probe('echo')).coldStart).toBe(false);
  });

  it('has its context', async () => {
    const before = Date.now();
    const answer = answerOf(await probe('context'));
    expect(answer).toMatchObject({
      requestId: expect.stringMatching(/^[-0-9a-f]{36}$/),
      arn: expect.stringMatching(/^arn:aws:lambda:us-east-1:000000000000:function:/),
      function: spec.functionName,
      memory: 128,
      logStream: expect.stringMatching(/\[\$LATEST\]/),
    });
    expect(answer.deadline).toBeGreaterThan(before + 15_000);
    if (language === 'go') expect(answer).toMatchObject({ custom: { tier: 'gold' }, executionEnv: '' });
  });

  it("answers errors in the client's shape, and its log is the invocation's", async () => {
    const failed = await probe('custom');
    expect([failed.status, answerOf(failed)]).toEqual(['error', expect.objectContaining(custom)]);
    expect((await probe('log')).logTail.toString()).toMatch(/^from (Go|Rust)$/m);
  });

  it('may panic', async () => {
    const failed = await probe('panic');
    expect([failed.status, answerOf(failed)]).toEqual(['error', expect.objectContaining(panic)]);
    expect(await probe('echo')).toMatchObject({ status: 'success', coldStart: panicEnds });
  });
});

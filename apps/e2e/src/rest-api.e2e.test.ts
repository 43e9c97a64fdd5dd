import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';
import { Platform } from './platform.js';
import { run } from './run.js';
import { until } from './until.js';

/** A block of docs/rest-api.md that a reader would paste into a shell, and the answer printed below it. */
interface Example {
  heading: string;
  line: number;
  commands: string;
  answer?: { kind: 'json' | 'text'; text: string };
}

const RUN_DEADLINE_MS = 60_000;
/** No error, or one that says that the things named in an example are not there or are in another state. */
const ABOUT_WHAT_IT_NAMES = /^(|(ResourceNotFound|CodeSigningConfigNotFound|ProvisionedConcurrencyConfigNotFound|ResourceConflict|InvalidParameterValue)Exception)$/;
/** Between the outputs of two blocks. */
const MARK = '@@ end of block';

const examples = examplesOf(readFileSync(join(projectRoot(), 'docs/rest-api.md'), 'utf8'));

function examplesOf(page: string): Example[] {
  const found: Example[] = [];
  for (const match of page.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    const [, kind, text] = match as unknown as [string, string, string];
    const before = page.slice(0, match.index);
    const heading = /.*^## ([^\n]+)/ms.exec(before)?.[1] ?? '';
    if (kind === 'sh') found.push({ heading, line: before.split('\n').length, commands: text });
    else if (kind === 'json' || kind === 'text') found.at(-1)!.answer = { kind, text: text.trim() };
    else throw new Error(`docs/rest-api.md has a block of ${kind}, which nothing checks`);
  }
  return found;
}

describe('docs/rest-api.md, pasted into a shell with curl', () => {
  let platform: Platform;
  let directory: string;
  let outputs: string[];

  beforeAll(async () => {
    platform = await Platform.start();
    directory = await mkdtemp(join(tmpdir(), 'hearth-rest-'));
    const script = examples.map(({ commands }) => `${commands}printf '\\n${MARK}\\n'\n`).join('');
    await writeFile(join(directory, 'page.sh'), script);
    // -e: a command that fails fails the page.
    const shell = run('bash', ['-eu', 'page.sh'], { cwd: directory, env: { HEARTH: platform.endpoint, HEARTH_STATE_DIR: platform.stateDir }, timeoutMs: RUN_DEADLINE_MS });
    const output = await shell.catch((error: Error & { stdout?: string }) => {
      throw new Error(`${error.message}\nafter printing:\n${error.stdout ?? ''}`, { cause: error });
    });
    outputs = output.split(`${MARK}\n`).map((text) => text.trim());
  }, 60_000 + RUN_DEADLINE_MS);

  afterAll(async () => {
    await platform?.stop();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }, 60_000);

  it('has examples of what a user begins with', () => {
    expect(new Set(examples.map(({ heading }) => heading))).toEqual(
      new Set(['Endpoint and key', 'A role', 'Create', 'List', 'Invoke', 'Update', 'A key that may only invoke', 'Errors', 'Delete']),
    );
  });

  it.each(examples.map((example, index) => ({ ...example, index })).filter(({ answer }) => answer !== undefined))('$heading, line $line: answers what the page says', ({ answer, index }) => {
    const output = outputs[index]!;
    if (answer!.kind === 'json') expect(JSON.parse(output)).toMatchObject(expected(JSON.parse(answer!.text)));
    else expect(output).toMatch(new RegExp(`^${answer!.text.split('…').map(literally).join('.*')}$`, 's'));
  });

  it('ran the asynchronous event too', async () => {
    await until('the event was handled', 20_000, async () => (await platform.functionLog('rest')).some((text) => text.includes('greeting later')));
  });

  it('leads to a reference that the platform serves to everybody', async () => {
    const document = (await (await fetch(`${platform.endpoint}/_hearth/openapi.json`)).json()) as { openapi: string; paths: Record<string, unknown> };
    expect(document).toMatchObject({ openapi: '3.1.0', paths: { '/2015-03-31/functions': { post: { operationId: 'CreateFunction', 'x-hearth-implemented': true } } } });
    const page = await fetch(`${platform.endpoint}/_hearth/api`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('<h2><a href="#CreateFunction">CreateFunction</a></h2>');
  });

  it('finds calls in that reference that are signed, routed and understood, whatever they name', async () => {
    const page = await (await fetch(`${platform.endpoint}/_hearth/api`)).text();
    const calls = [...page.matchAll(/<section id="(\w+)" [^>]*><h2><a href="#\w+">\w+<\/a>( <small>answers 501<\/small>)?<\/h2>.*?<pre>(curl .*?)<\/pre>/gs)].map(([, name, absent, call]) => ({ name: name!, absent: absent !== undefined, call: unescape(call!) }))
      // Signed otherwise than AWS asks for by the curl of Debian 12 (docs/rest-api.md, List); the SDK's tests call these.
      .filter(({ call }) => !/\$HEARTH[^ ?"]*%/.test(call));
    expect(calls.length).toBeGreaterThan(60);
    const { accessKeyId, secretAccessKey } = platform.credentials;
    const env = { HEARTH: platform.endpoint, KEY: `${accessKeyId}:${secretAccessKey}` };
    const script = calls.map(({ name, call }) => `${call} -sS -o ${name}.json -w '${name} %{http_code} %header{x-amzn-errortype}\\n'\n`).join('');
    await writeFile(join(directory, 'reference.sh'), script);
    const answers = (await run('bash', ['-eu', 'reference.sh'], { cwd: directory, env, timeoutMs: RUN_DEADLINE_MS })).trim().split('\n');
    expect(answers).toHaveLength(calls.length);
    const wrong = answers.filter((answer, index) => {
      const [, status, error = ''] = answer.split(' ');
      return calls[index]!.absent ? status !== '501' : !ABOUT_WHAT_IT_NAMES.test(error);
    });
    expect(wrong).toEqual([]);
  }, 90_000);
});

function unescape(html: string): string {
  return html.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Values of the page, `…` standing for any. */
function expected(value: unknown): never {
  if (value === '…') return expect.anything() as never;
  if (Array.isArray(value)) return value.map(expected) as never;
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, expected(inner)])) as never;
  return value as never;
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

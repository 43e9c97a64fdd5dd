import pg from 'pg';
import { CatalogueFixture, until, zipOf, type Process } from './testing/catalogue-fixture.js';

let fixture: CatalogueFixture;
let writer: Process;
let reader: Process;
beforeAll(async () => {
  fixture = await CatalogueFixture.create();
  writer = fixture.process();
  reader = fixture.process();
});
afterAll(() => fixture.destroy());

/** Until the resolver answers from memory, synchronously. */
const fromMemory = (process: Process, name: string, qualifier?: string) =>
  until(async () => {
    const answer = process.resolve(name, qualifier);
    if (!(answer instanceof Promise)) return answer;
    await answer;
    return undefined;
  });

describe('the resolver', () => {
  it('answers from memory, the same object, as long as nothing changes', async () => {
    await writer.create('steady', { Environment: { Variables: { A: 'a' } }, Timeout: 7 });
    await writer.settled('steady');
    const first = await fromMemory(reader, 'steady');
    expect(first).toMatchObject({ functionName: 'steady', version: '$LATEST', state: 'Active', timeoutSeconds: 7, environment: { A: 'a' }, logFormat: 'Text', logGroup: '/aws/lambda/steady', architecture: 'x86_64' });
    expect(reader.resolve('steady')).toBe(first);
  });

  it('learns of changes by another process', async () => {
    await writer.create('watched');
    await writer.settled('watched');
    const old = await fromMemory(reader, 'watched');
    await writer.call('UpdateFunctionConfiguration', { FunctionName: 'watched', Timeout: 77 });
    await writer.settled('watched');
    await until(async () => ((await reader.resolve('watched')).timeoutSeconds === 77 ? true : undefined));
    expect((await fromMemory(reader, 'watched')).revisionId).not.toBe(old.revisionId);
    await writer.call('DeleteFunction', { FunctionName: 'watched' });
    await until(async () => {
      try {
        await reader.resolve('watched');
        return undefined;
      } catch (error) {
        return error as Error;
      }
    }).then((error) => expect(error).toMatchObject({ code: 'ResourceNotFoundException', message: expect.stringMatching(/function:watched$/) }));
  });

  it('sees its own writes at once', async () => {
    await writer.create('own');
    await writer.settled('own');
    for (let timeout = 10; timeout < 20; timeout++) {
      await fromMemory(writer, 'own');
      await writer.call('UpdateFunctionConfiguration', { FunctionName: 'own', Timeout: timeout });
      await writer.settled('own');
      expect((await writer.resolve('own')).timeoutSeconds).toBe(timeout);
    }
    await writer.call('DeleteFunction', { FunctionName: 'own' });
    await expect((async () => writer.resolve('own'))()).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });

  it('keeps warm sandboxes usable when a version is published, and names unknown qualifiers', async () => {
    await writer.create('printing');
    await writer.settled('printing');
    const before = await writer.resolve('printing');
    await writer.call('PublishVersion', { FunctionName: 'printing' });
    expect((await writer.resolve('printing')).revisionId).toBe(before.revisionId);
    expect(await writer.resolve('printing', '1')).toMatchObject({ version: '1', codeDigest: before.codeDigest });
    await expect((async () => writer.resolve('printing', 'live'))()).rejects.toMatchObject({ message: 'Function not found: arn:aws:lambda:us-east-1:123456789012:function:printing:live' });
  });

  it('is never stale while its listening connection is cut', async () => {
    await writer.create('cut');
    await writer.settled('cut');
    await fromMemory(reader, 'cut');
    const admin = new pg.Client({ connectionString: fixture.url });
    await admin.connect();
    let cutting = true;
    const cutter = (async () => {
      while (cutting) await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%listener'");
    })();
    try {
      await until(() => (reader.resolve('cut') instanceof Promise ? true : undefined)); // Memory is no longer trusted.
      for (let timeout = 20; timeout < 25; timeout++) {
        await writer.call('UpdateFunctionConfiguration', { FunctionName: 'cut', Timeout: timeout });
        await writer.settled('cut');
        expect((await reader.resolve('cut')).timeoutSeconds).toBe(timeout);
      }
    } finally {
      cutting = false;
      await cutter;
      await admin.end();
    }
    expect((await fromMemory(reader, 'cut')).timeoutSeconds).toBe(24);
    await writer.call('UpdateFunctionCode', { FunctionName: 'cut', ZipFile: await zipOf('after') });
    const { CodeSha256 } = await writer.settled('cut');
    await until(async () => (Buffer.from((await reader.resolve('cut')).codeDigest, 'hex').toString('base64') === CodeSha256 ? true : undefined));
  });
});

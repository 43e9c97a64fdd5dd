import fc from 'fast-check';
import { CatalogueFixture, context, until, zipOf, type Process } from './testing/catalogue-fixture.js';

let fixture: CatalogueFixture;
let one: Process;
let two: Process;
beforeAll(async () => {
  fixture = await CatalogueFixture.create();
  one = fixture.process();
  two = fixture.process();
});
afterAll(() => fixture.destroy());
afterEach(() => fixture.gate.open());

const codesOf = (results: PromiseSettledResult<any>[]) => results.map((result) => (result.status === 'fulfilled' ? 'ok' : result.reason.code)).sort();

describe('at the same time, from two processes', () => {
  it('two updates: one wins, the other gets 409', async () => {
    await one.create('contended');
    await one.settled('contended');
    fixture.gate.close();
    const results = await Promise.allSettled([
      one.call('UpdateFunctionCode', { FunctionName: 'contended', ZipFile: await zipOf('a') }),
      two.call('UpdateFunctionConfiguration', { FunctionName: 'contended', Timeout: 9 }),
    ]);
    expect(codesOf(results)).toEqual(['ResourceConflictException', 'ok']);
  });

  it('ten creates of one name: one function', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => (index % 2 ? one : two).create('wanted')));
    expect(codesOf(results)).toEqual([...Array.from({ length: 9 }, () => 'ResourceConflictException'), 'ok']);
  });

  it('ten publishes of one state: one version', async () => {
    await one.create('printed');
    await one.settled('printed');
    const results = await Promise.all(Array.from({ length: 10 }, (_, index) => (index % 2 ? one : two).call('PublishVersion', { FunctionName: 'printed' })));
    expect(new Set(results.map((result) => result.Version))).toEqual(new Set(['1']));
    expect((await one.call('ListVersionsByFunction', { FunctionName: 'printed' })).Versions).toHaveLength(2);
  });

  it('a delete while the function is being created: it stays deleted', async () => {
    fixture.gate.close();
    await one.create('shortlived');
    await two.call('DeleteFunction', { FunctionName: 'shortlived' });
    fixture.gate.open();
    await one.catalogue.resumePending();
    await expect(one.call('GetFunction', { FunctionName: 'shortlived' })).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    // Its name is free, and the old step does not touch the new function.
    fixture.gate.close();
    const made = await one.create('shortlived');
    expect(await two.call('GetFunctionConfiguration', { FunctionName: 'shortlived' })).toEqual(made);
  });
});

describe('a step that its process did not finish', () => {
  it('is finished by the next start', async () => {
    let late: () => void = () => undefined;
    const dying = fixture.process({ prepare: () => new Promise<void>((resolve) => (late = resolve)) });
    await dying.create('orphan', { Publish: true });
    expect((await one.call('GetFunctionConfiguration', { FunctionName: 'orphan' })).State).toBe('Pending');
    await two.catalogue.resumePending();
    expect(await one.call('GetFunctionConfiguration', { FunctionName: 'orphan' })).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
    expect(await one.call('GetFunctionConfiguration', { FunctionName: 'orphan:1' })).toMatchObject({ State: 'Active' });
    const before = await one.call('GetFunctionConfiguration', { FunctionName: 'orphan' });
    // The first process comes back late and is ignored.
    late();
    await dying.catalogue.close();
    expect(await one.call('GetFunctionConfiguration', { FunctionName: 'orphan' })).toEqual(before);
  });

  it('is finished at intervals by any process', async () => {
    const dying = fixture.process({ prepare: () => new Promise<void>(() => undefined) });
    await dying.create('adopted');
    const adopting = fixture.process({ housekeepingMs: 20 });
    expect(await one.settled('adopted')).toMatchObject({ State: 'Active' });
    await adopting.catalogue.close();
    await dying.catalogue.close();
  });

  it('is tried again when the platform is at fault', async () => {
    let tries = 0;
    const shaky = fixture.process({ prepare: () => (++tries < 3 ? Promise.reject(new Error('disk away')) : Promise.resolve()) });
    await shaky.create('retried');
    expect(await shaky.settled('retried')).toMatchObject({ State: 'Active' });
    expect(tries).toBe(3);
  });
});

describe('lists', () => {
  async function allPages(process: Process, input: Record<string, unknown>, between: () => Promise<unknown>): Promise<string[]> {
    const names: string[] = [];
    let Marker: string | undefined;
    do {
      const page = await process.call('ListFunctions', { ...input, Marker });
      names.push(...page.Functions.map((found: any) => found.FunctionArn));
      Marker = page.NextMarker;
      await between();
    } while (Marker !== undefined);
    return names;
  }

  /** Rows only: what lists need, without unpacking a package for each. */
  async function insertFunctions(names: string[], account: string): Promise<void> {
    await one.database.pool.query(
      `WITH made AS (INSERT INTO functions (id, account_id, region, name) SELECT gen_random_uuid(), $2, 'us-east-1', unnest($1::text[]) ON CONFLICT DO NOTHING RETURNING id, name)
       INSERT INTO function_versions (function_id, version, version_number, runtime, handler, role, memory_mb, timeout_seconds, ephemeral_storage_mb, architecture, code_sha256, code_digest,
         code_size, logging_config, config_sha256, state, revision_id, last_modified)
       SELECT id, '$LATEST', 0, 'nodejs22.x', 'h', 'r', 128, 3, 512, 'x86_64', 's', 'd', 1, '{"LogFormat":"Text","LogGroup":"g"}', 'c', 'Active', gen_random_uuid(), now() FROM made`,
      [names, account],
    );
  }

  it('show at most 50 a page and end without a marker', async () => {
    const accountId = '555555555555';
    await insertFunctions(Array.from({ length: 120 }, (_, index) => `f${index}`), accountId);
    const list = (input: Record<string, unknown>) => one.catalogue.operations['ListFunctions']!(input, { ...context, accountId }) as Promise<any>;
    const first = await list({ MaxItems: 10_000 });
    expect(first.Functions).toHaveLength(50);
    const second = await list({ Marker: first.NextMarker });
    const third = await list({ Marker: second.NextMarker });
    expect(third.Functions).toHaveLength(20);
    expect(third).not.toHaveProperty('NextMarker');
    expect(new Set([first, second, third].flatMap((page) => page.Functions.map((found: any) => found.FunctionName))).size).toBe(120);
    await expect(list({ Marker: 'rubbish' })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
    expect((await list({ MaxItems: 50, MasterRegion: 'eu-west-1' })).Functions).toEqual([]);
  });

  it('with FunctionVersion=ALL show every version under its qualified ARN', async () => {
    await one.create('allversions', { Publish: true });
    const arns = await allPages(one, { FunctionVersion: 'ALL', MaxItems: 1 }, async () => undefined);
    const prefix = 'arn:aws:lambda:us-east-1:123456789012:function:allversions';
    expect(arns.filter((arn) => arn.startsWith(prefix))).toEqual([`${prefix}:$LATEST`, `${prefix}:1`]);
  });

  it('show every function that was there all the time exactly once, whatever comes and goes meanwhile', async () => {
    const letter = fc.constantFrom(...'abcXYZ_-019');
    const name = fc.array(letter, { minLength: 1, maxLength: 4 }).map((letters) => letters.join(''));
    const step = fc.record({ add: fc.array(name, { maxLength: 3 }), remove: fc.array(name, { maxLength: 3 }) });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { maxLength: 15 }), fc.array(step, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 5 }), async (start, steps, MaxItems) => {
        const accountId = String(600_000_000_000 + run++);
        await insertFunctions(start, accountId);
        const steady = new Set(start);
        const everAdded = new Set(start);
        const process = { call: (operation: string, input: any) => one.catalogue.operations[operation]!(input, { ...context, accountId }) } as unknown as Process;
        let at = 0;
        const arns = await allPages(process, { MaxItems }, async () => {
          const { add, remove } = steps[at++ % steps.length]!;
          await one.database.pool.query('DELETE FROM functions WHERE account_id = $1 AND name = ANY($2)', [accountId, remove]);
          for (const gone of remove) steady.delete(gone);
          if (at > 40) return; // Additions end, so that the list does.
          await insertFunctions(add, accountId);
          for (const added of add) everAdded.add(added);
        });
        const names = arns.map((arn) => arn.split(':').at(-1)!);
        expect(new Set(names).size).toBe(names.length);
        for (const expected of steady) expect(names).toContain(expected);
        for (const found of names) expect(everAdded).toContain(found);
      }),
      { numRuns: 60 },
    );
  });
});

describe('packages', () => {
  it('go some time after their last user, and not before', async () => {
    const sweeping = fixture.process({ packageGraceMs: 0 });
    await sweeping.create('keeper', { Code: { ZipFile: await zipOf('kept') }, Publish: true });
    await sweeping.settled('keeper');
    await sweeping.settled('keeper', '1');
    const { codeDigest: kept } = await sweeping.resolve('keeper');
    await sweeping.call('UpdateFunctionCode', { FunctionName: 'keeper', ZipFile: await zipOf('newer') });
    await sweeping.settled('keeper');
    await sweeping.catalogue.sweepPackages();
    expect(await fixture.packages.has(kept)).toBe(true); // Version 1 still has it.
    await sweeping.call('DeleteFunction', { FunctionName: 'keeper:1' });
    expect(await one.catalogue.sweepPackages()).toBe(0); // Within the grace period of that process.
    expect(await fixture.packages.has(kept)).toBe(true);
    await sweeping.catalogue.sweepPackages();
    expect(await fixture.packages.has(kept)).toBe(false);
    expect(await fixture.packages.has((await sweeping.resolve('keeper')).codeDigest)).toBe(true);
  });

  it('that serve during an update stay', async () => {
    const sweeping = fixture.process({ packageGraceMs: 0 });
    await sweeping.create('serving', { Code: { ZipFile: await zipOf('served') } });
    await sweeping.settled('serving');
    const { codeDigest } = await sweeping.resolve('serving');
    fixture.gate.close();
    await sweeping.call('UpdateFunctionCode', { FunctionName: 'serving', ZipFile: await zipOf('next') });
    await sweeping.catalogue.sweepPackages();
    expect(await fixture.packages.has(codeDigest)).toBe(true);
    fixture.gate.open();
    await sweeping.settled('serving');
    await until(async () => {
      await sweeping.catalogue.sweepPackages();
      return (await fixture.packages.has(codeDigest)) ? undefined : true;
    });
  });

  it('are never missing for a function, whatever is created, deleted and swept at once', async () => {
    const sweeping = fixture.process({ packageGraceMs: 0 });
    const zip = await zipOf('contended package');
    let done = false;
    const sweeper = (async () => {
      while (!done) await sweeping.catalogue.sweepPackages();
    })();
    const lane = async (process: Process, name: string) => {
      for (let round = 0; round < 12; round++) {
        await process.create(name, { Code: { ZipFile: zip } });
        const { codeDigest } = await process.resolve(name);
        expect(await fixture.packages.has(codeDigest)).toBe(true);
        await process.call('DeleteFunction', { FunctionName: name });
      }
    };
    await Promise.all([lane(one, 'lane-a'), lane(two, 'lane-b'), lane(one, 'lane-c')]);
    done = true;
    await sweeper;
  });
});

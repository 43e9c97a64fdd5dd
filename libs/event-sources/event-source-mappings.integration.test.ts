import { randomUUID } from 'node:crypto';
import type { OperationContext } from '@hearth/aws-wire';
import { createTestDatabase, Database } from '@hearth/database';
import { ServiceError, systemClock } from '@hearth/kernel';
import type { FunctionResolver } from '@hearth/catalogue';
import { createEventSourceMappings } from './event-source-mappings.js';
import type { SourceKind } from './mapping/source-kind.js';

const context: OperationContext = { accountId: '000000000000', region: 'us-east-1', principalArn: 'arn:aws:iam::000000000000:root', requestId: randomUUID(), baseUrl: 'http://127.0.0.1' };
const queue = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const functionArn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

/** Functions by the names that a test uses: the catalogue's own tests hold the real one. */
const resolver: FunctionResolver = {
  resolve: (_account, _region, name) => {
    if (!['f', 'g'].includes(name)) throw new ServiceError('ResourceNotFoundException', 404, 'no');
    return Promise.resolve({ functionName: name } as never);
  },
};

describe('event source mappings', () => {
  let database: Database;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    const created = await createTestDatabase();
    database = new Database({ url: created.url });
    drop = () => created.drop();
  });
  afterAll(async () => {
    await database.close();
    await drop();
  });

  const caller =
    (polled: SourceKind[] = [], by = context) =>
    (operation: string, input: Record<string, unknown> = {}): Promise<any> =>
      createEventSourceMappings({ database, resolver, polled: new Set(polled), clock: systemClock }).operations[operation]!(input, by);
  const call = caller();

  it('are created, read, changed and deleted', async () => {
    const made = await call('CreateEventSourceMapping', { EventSourceArn: queue('life'), FunctionName: 'f:live', BatchSize: 5 });
    const shown = {
      UUID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      EventSourceMappingArn: `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${made.UUID}`,
      EventSourceArn: queue('life'),
      FunctionArn: functionArn('f:live'),
      BatchSize: 5,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: [],
      LastModified: expect.any(Date),
    };
    expect(made).toEqual({ ...shown, State: 'Creating', StateTransitionReason: 'USER_INITIATED' });
    const { UUID } = made;
    expect(await call('UpdateEventSourceMapping', { UUID, Enabled: false })).toMatchObject({ State: 'Disabling', BatchSize: 5 });
    expect(await call('GetEventSourceMapping', { UUID })).toEqual({ ...shown, State: 'Disabled', StateTransitionReason: 'USER_INITIATED' });
    expect(await call('UpdateEventSourceMapping', { UUID, Enabled: true, FunctionName: functionArn('g') })).toMatchObject({ State: 'Enabling', FunctionArn: functionArn('g') });
    expect(await call('UpdateEventSourceMapping', { UUID: UUID.toUpperCase(), BatchSize: 7 })).toMatchObject({ State: 'Updating', BatchSize: 7 });
    expect(await call('DeleteEventSourceMapping', { UUID })).toMatchObject({ UUID, State: 'Deleting', BatchSize: 7 });
    for (const operation of ['GetEventSourceMapping', 'UpdateEventSourceMapping', 'DeleteEventSourceMapping']) {
      for (const gone of [UUID, 'x'.repeat(36)]) {
        await expect(call(operation, { UUID: gone })).rejects.toMatchObject({ code: 'ResourceNotFoundException', status: 404, message: 'The resource you requested does not exist.' });
      }
    }
  });

  it('say Enabled only where their source is polled', async () => {
    const { UUID } = await call('CreateEventSourceMapping', { EventSourceArn: queue('honest'), FunctionName: 'f' });
    expect(await call('GetEventSourceMapping', { UUID })).toMatchObject({ State: 'Disabled', StateTransitionReason: expect.stringContaining('does not poll event sources of kind sqs yet') });
    expect(await caller(['kinesis'])('GetEventSourceMapping', { UUID })).toMatchObject({ State: 'Disabled' });
    expect(await caller(['sqs'])('GetEventSourceMapping', { UUID })).toMatchObject({ State: 'Enabled', StateTransitionReason: 'USER_INITIATED' });
  });

  it('keep a starting timestamp', async () => {
    const StartingPositionTimestamp = new Date('2026-01-02T03:04:05.678Z');
    const { UUID } = await call('CreateEventSourceMapping', { EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s', FunctionName: 'f', StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp });
    expect(await call('GetEventSourceMapping', { UUID })).toMatchObject({ StartingPositionTimestamp, LastProcessingResult: 'No records processed' });
  });

  it('need a function that exists', async () => {
    await expect(call('CreateEventSourceMapping', { EventSourceArn: queue('q'), FunctionName: 'nope' })).rejects.toMatchObject({ code: 'InvalidParameterValueException', message: 'Function does not exist' });
  });

  it('exist once per source and function', async () => {
    const first = await call('CreateEventSourceMapping', { EventSourceArn: queue('once'), FunctionName: 'f' });
    await expect(call('CreateEventSourceMapping', { EventSourceArn: queue('once'), FunctionName: 'f' })).rejects.toMatchObject({
      code: 'ResourceConflictException',
      status: 409,
      message: `An event source mapping with SQS arn (" ${queue('once')} ") and function (" f ") already exists. Please update or delete the existing mapping with UUID ${first.UUID}`,
    });
    const second = await call('CreateEventSourceMapping', { EventSourceArn: queue('once'), FunctionName: 'g' });
    await expect(call('UpdateEventSourceMapping', { UUID: second.UUID, FunctionName: 'f' })).rejects.toMatchObject({ code: 'ResourceConflictException' });
    expect(await call('GetEventSourceMapping', { UUID: second.UUID })).toMatchObject({ FunctionArn: functionArn('g') });
  });

  it('are listed by source and by function, page by page', async () => {
    const made = new Set<string>();
    for (const name of ['f', 'f:a', 'f:b', 'g']) made.add((await call('CreateEventSourceMapping', { EventSourceArn: queue('listed'), FunctionName: name })).UUID);
    const seen: string[] = [];
    let Marker: string | undefined;
    do {
      const page = await call('ListEventSourceMappings', { EventSourceArn: queue('listed'), MaxItems: 3, Marker });
      seen.push(...page.EventSourceMappings.map((each: { UUID: string }) => each.UUID));
      Marker = page.NextMarker;
    } while (Marker);
    expect(new Set(seen)).toEqual(made);
    expect(seen).toHaveLength(4);
    const ofAlias = await call('ListEventSourceMappings', { EventSourceArn: queue('listed'), FunctionName: functionArn('f:a') });
    expect(ofAlias.EventSourceMappings.map((each: { FunctionArn: string }) => each.FunctionArn)).toEqual([functionArn('f:a')]);
    expect(await call('ListEventSourceMappings', { EventSourceArn: queue('nothing') })).toEqual({ EventSourceMappings: [] });
  });

  it('of another account are not there', async () => {
    const { UUID } = await call('CreateEventSourceMapping', { EventSourceArn: queue('private'), FunctionName: 'f' });
    const stranger = caller([], { ...context, accountId: '999999999999' });
    for (const operation of ['GetEventSourceMapping', 'UpdateEventSourceMapping', 'DeleteEventSourceMapping']) await expect(stranger(operation, { UUID })).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    expect(await stranger('ListEventSourceMappings')).toEqual({ EventSourceMappings: [] });
  });
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudWatchLogsClient, CreateLogGroupCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ServiceError } from '@hearth/kernel';
import { logsService } from '../services.js';

describe('the JSON 1.1 protocol', () => {
  const service = logsService();
  let server: Server;
  let client: CloudWatchLogsClient;
  let respond: (input: Record<string, unknown>) => Record<string, unknown> = () => ({});

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const wire = { method: request.method ?? '', rawPath: '/', query: new Map(), headers: request.headers, body: Buffer.concat(chunks) };
        const answer = (() => {
          try {
            const call = service.call(wire);
            return service.answer(call.operation, respond(call.input()), 'request-1');
          } catch (error) {
            return service.failure(error, 'request-1');
          }
        })();
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new CloudWatchLogsClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    });
  });
  afterAll(() => {
    client.destroy();
    server.close();
  });

  it('carries what the SDK sends and returns what is answered', async () => {
    const input = { logGroupName: '/aws/lambda/f', startTime: 1_700_000_000_000, filterPattern: '"ERROR"', logStreamNames: ['a', 'b'] };
    const events = [{ logStreamName: 'a', timestamp: 1, message: 'ä\n', ingestionTime: 2, eventId: '1' }];
    let read: unknown;
    respond = (given) => {
      read = given;
      return { events, searchedLogStreams: [], nextToken: undefined };
    };
    expect(await client.send(new FilterLogEventsCommand(input))).toMatchObject({ events });
    expect(read).toEqual(input);
  });

  it('makes exceptions of errors', async () => {
    respond = () => {
      throw new ServiceError('ResourceAlreadyExistsException', 400, 'The specified log group already exists');
    };
    await expect(client.send(new CreateLogGroupCommand({ logGroupName: 'g' }))).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException', message: 'The specified log group already exists' });
    await expect(client.send(new CreateLogGroupCommand({ logGroupName: 'not allowed!' }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringMatching(/^1 validation error detected: Value 'not allowed!' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: /),
    });
  });

  it.each([['no target', undefined], ['another service', 'DynamoDB_20120810.ListTables'], ['an unknown operation', 'Logs_20140328.Nope'], ['a prototype property', 'Logs_20140328.constructor']])(
    'refuses %s',
    (_what, target) => {
      const calling = () => service.call({ method: 'POST', rawPath: '/', query: new Map(), headers: { 'x-amz-target': target }, body: Buffer.from('{}') });
      expect(calling).toThrow(expect.objectContaining({ code: 'UnknownOperationException' }));
    },
  );
});

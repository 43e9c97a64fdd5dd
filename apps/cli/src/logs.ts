import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudWatchLogsClient, CloudWatchLogsServiceException, DescribeLogStreamsCommand, GetLogEventsCommand, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionConfigurationCommand, LambdaClient, LambdaServiceException } from '@aws-sdk/client-lambda';
import { OperatorError } from '@hearth/kernel';
import { loggedEvents, type LoggedEvent } from './function-logs.js';
import { localEndpoint, type Installation } from './installation.js';
import { readProfile } from './profile.js';

const LINES = 200;
/** Newest streams that are looked at for the last lines: one for each sandbox. */
const STREAMS = 50;
const FOLLOW_MS = 500;
/** Lines of several workers arrive a little out of order: that far back is looked again. */
const OVERLAP_MS = 5_000;

/** `logs [-f]`: the platform's own log. `logs [-f] NAME`: what a function logged, or a log group, whose name begins with a slash. */
export async function logs(place: Installation, arguments_: string[]): Promise<number> {
  const follow = arguments_.includes('-f') || arguments_.includes('--follow');
  const [name] = arguments_.filter((argument) => !argument.startsWith('-'));
  return name === undefined ? platformLog(place, follow) : groupLog(place, name, follow);
}

async function platformLog(place: Installation, follow: boolean): Promise<number> {
  if (!existsSync(place.logFile)) throw new OperatorError(`There is no log in ${place.stateDir}.`, 'Start Hearth first: ./hearth up.');
  const tail = spawn('tail', ['-q', '-n', String(LINES), ...(follow ? ['-F'] : []), place.logFile], { stdio: 'inherit' });
  return new Promise((resolve) => tail.once('exit', (code) => resolve(code ?? 0)));
}

async function groupLog(place: Installation, name: string, follow: boolean): Promise<number> {
  const options = { endpoint: localEndpoint(place.settings), region: place.settings.HEARTH_REGION, credentials: await readProfile(place) };
  const client = new CloudWatchLogsClient(options);
  const lambda = new LambdaClient(options);
  try {
    const group = name.startsWith('/') ? name : await groupOfFunction(lambda, name);
    const last = await lastEvents(client, group);
    if (last.length === 0 && !follow) throw new OperatorError(`${name} has logged nothing yet.`, 'Invoke it first; ./hearth logs -f NAME waits.');
    show(last);
    if (follow) await showWhatComes(client, group, last);
    return 0;
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    if (error instanceof CloudWatchLogsServiceException || error instanceof LambdaServiceException) throw new OperatorError(`Hearth answered ${error.name}: ${error.message}`, 'See ./hearth logs.');
    throw new OperatorError(`Hearth does not answer at ${options.endpoint}: ${String(error)}.`, 'Start it: ./hearth up.');
  } finally {
    client.destroy();
    lambda.destroy();
  }
}

/** A function that was deleted leaves its log where it is by default. */
async function groupOfFunction(lambda: LambdaClient, name: string): Promise<string> {
  const usual = `/aws/lambda/${name}`;
  try {
    const { LoggingConfig } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    return LoggingConfig?.LogGroup ?? usual;
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error;
    return usual;
  }
}

/** The last lines of a group: the last of each of its newest streams, put in order. */
async function lastEvents(client: CloudWatchLogsClient, logGroupName: string): Promise<LoggedEvent[]> {
  try {
    const { logStreams = [] } = await client.send(new DescribeLogStreamsCommand({ logGroupName, orderBy: 'LastEventTime', descending: true, limit: STREAMS }));
    const found: LoggedEvent[] = [];
    for (const { logStreamName } of logStreams) {
      const { events = [] } = await client.send(new GetLogEventsCommand({ logGroupName, logStreamName, limit: LINES }));
      found.push(...events.map(({ timestamp, message }) => ({ id: '', timestamp: timestamp!, text: message!.replace(/\n$/, '') })));
    }
    return found.sort((left, right) => left.timestamp - right.timestamp).slice(-LINES);
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return []; // It has not logged yet.
    throw error;
  }
}

/** Until somebody ends it. */
async function showWhatComes(client: CloudWatchLogsClient, group: string, shown: readonly LoggedEvent[]): Promise<void> {
  let startTime = shown.at(-1)?.timestamp ?? 0;
  const first = await loggedEvents(client, group, { startTime });
  // Those of the last millisecond were shown.
  const seen = new Map(first.slice(0, shown.filter(({ timestamp }) => timestamp >= startTime).length).map((event) => [event.id, event.timestamp]));
  for (;;) {
    const events = (await loggedEvents(client, group, { startTime })).filter(({ id }) => !seen.has(id));
    show(events);
    for (const { id, timestamp } of events) seen.set(id, timestamp);
    const newest = Math.max(startTime, ...seen.values());
    startTime = Math.max(startTime, newest - OVERLAP_MS);
    for (const [id, timestamp] of seen) if (timestamp < startTime) seen.delete(id);
    await delay(FOLLOW_MS);
  }
}

function show(events: readonly LoggedEvent[]): void {
  for (const { timestamp, text } of events) process.stdout.write(`${new Date(timestamp).toISOString()} ${text}\n`);
}

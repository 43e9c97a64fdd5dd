import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { IAMClient, IAMServiceException } from '@aws-sdk/client-iam';
import { InvokeCommand, LambdaClient, LambdaServiceException } from '@aws-sdk/client-lambda';
import { OperatorError, projectRoot } from '@hearth/kernel';
import { deployExample } from './deploy-example.js';
import { readExamples, type Example } from './example.js';
import { executionRole } from './execution-role.js';
import { loggedEvents } from './function-logs.js';
import { runningPlatform, type Installation } from './installation.js';
import { readProfile, type Profile } from './profile.js';

const ASYNC_DEADLINE_MS = 60_000;
const POLL_MS = 100;
const EXAMPLES_ROLE = 'hearth-examples';

/** Deploys examples/ through the public API with the AWS SDK, invokes them, and prints what to try next. Hearth must be running. */
export async function quickstart(place: Installation): Promise<number> {
  const running = await runningPlatform(place);
  if (running === undefined) throw new OperatorError('Hearth is not running.', 'Start it: ./hearth up.');
  const profile = await readProfile(place);
  const options = { endpoint: running.endpoint, region: place.settings.HEARTH_REGION, credentials: profile };
  const client = new LambdaClient(options);
  const iam = new IAMClient(options);
  const logs = new CloudWatchLogsClient(options);
  const all = await readExamples(join(projectRoot(), 'examples'));
  const examples = all.filter((example) => isRoot() || !example.runtime.startsWith('provided'));
  try {
    heading('Deploying examples/ with the AWS SDK');
    const role = await executionRole(iam, EXAMPLES_ROLE);
    for (const example of examples) await deploy(client, example, role);
    heading('Invoking each one, and waiting for the answer');
    for (const example of examples) await invokeAndShow(client, example);
    heading('Invoking one asynchronously');
    await invokeLater(logs, client, examples[0]!);
    const left = all.filter((example) => !examples.includes(example));
    if (left.length > 0) console.log(`\nLeft out: ${left.map((example) => example.name).join(', ')}. Custom runtimes need a Hearth that runs as root.`);
  } catch (error) {
    if (!(error instanceof LambdaServiceException || error instanceof IAMServiceException)) throw error;
    throw new OperatorError(`Hearth answered ${error.name}: ${error.message}`, 'See ./hearth logs.');
  } finally {
    client.destroy();
    iam.destroy();
    logs.destroy();
  }
  printNextSteps(place, running.endpoint, profile, examples[0]!);
  return 0;
}

/** Opening the Runtime API in a sandbox's network namespace takes root. */
function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function heading(text: string): void {
  console.log(`\n${text}`);
}

async function deploy(client: LambdaClient, example: Example, role: string): Promise<void> {
  const begin = performance.now();
  const what = await deployExample(client, example, role);
  console.log(`  ${example.name.padEnd(16)} ${example.runtime.padEnd(16)} ${what} (${seconds(begin)})`);
}

async function invokeAndShow(client: LambdaClient, example: Example): Promise<void> {
  const first = await invoke(client, example);
  const second = await invoke(client, example);
  const cold = first.log.some((line) => line.includes('Init Duration'));
  console.log(`  ${example.name}: ${first.payload}`);
  for (const line of first.log) console.log(`    | ${line}`);
  console.log(`    ${cold ? 'cold' : 'first (a sandbox was warm)'} ${first.ms.toFixed(0)} ms, warm ${second.ms.toFixed(1)} ms`);
}

async function invoke(client: LambdaClient, example: Example): Promise<{ payload: string; log: string[]; ms: number }> {
  const begin = performance.now();
  const answer = await client.send(new InvokeCommand({ FunctionName: example.name, LogType: 'Tail', Payload: JSON.stringify(example.event) }));
  const ms = performance.now() - begin;
  const payload = answer.Payload?.transformToString() ?? '';
  if (answer.FunctionError) throw new OperatorError(`The example ${example.name} failed: ${payload}`, `See ./hearth logs ${example.name}.`);
  const log = Buffer.from(answer.LogResult ?? '', 'base64').toString('utf8').split('\n').filter((line) => line !== '');
  return { payload: payload.length > 300 ? `${payload.slice(0, 300)}...` : payload, log, ms };
}

/** Shows that the accepted event ran: the function's log has the end of its request. */
async function invokeLater(logs: CloudWatchLogsClient, client: LambdaClient, example: Example): Promise<void> {
  const begin = performance.now();
  const answer = await client.send(new InvokeCommand({ FunctionName: example.name, InvocationType: 'Event', Payload: JSON.stringify(example.event) }));
  const requestId = answer.$metadata.requestId!;
  console.log(`  ${example.name}: accepted with status ${answer.StatusCode}, request ${requestId} (${seconds(begin)})`);
  const deadline = Date.now() + ASYNC_DEADLINE_MS;
  let report: string | undefined;
  while (report === undefined) {
    report = (await loggedEvents(logs, `/aws/lambda/${example.name}`, { filterPattern: `REPORT "${requestId}"` }))[0]?.text;
    if (report === undefined && Date.now() > deadline) throw new OperatorError(`The event ${requestId} was accepted but not handled within ${ASYNC_DEADLINE_MS / 1000} s.`, 'See ./hearth logs.');
    if (report === undefined) await delay(POLL_MS);
  }
  console.log(`  handled (${seconds(begin)})`);
  console.log(`    | ${report.trim().replaceAll('\t', ' ')}`);
}

function printNextSteps(place: Installation, endpoint: string, profile: Profile, example: Example): void {
  const event = JSON.stringify(example.event);
  console.log(`
Hearth goes on running in the background: ./hearth status | logs -f | stop

  endpoint     ${endpoint}
  access key   ${profile.accessKeyId} (its secret is in ${place.credentialsFile})

Try next, in this shell:

  export AWS_SHARED_CREDENTIALS_FILE=${place.credentialsFile} AWS_CONFIG_FILE=${place.configFile}
  export AWS_PROFILE=${profile.name} AWS_REGION=${place.settings.HEARTH_REGION} AWS_ENDPOINT_URL=${endpoint}
  aws --endpoint-url $AWS_ENDPOINT_URL lambda list-functions
  echo '${event}' | aws --endpoint-url $AWS_ENDPOINT_URL lambda invoke --function-name ${example.name} --payload fileb:///dev/stdin /dev/stdout

or, with the SDK for JavaScript (it reads the same variables):

  import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
  const answer = await new LambdaClient().send(new InvokeCommand({ FunctionName: '${example.name}', Payload: '${event}' }));`);
}

function seconds(begin: number): string {
  return `${((performance.now() - begin) / 1000).toFixed(2)} s`;
}

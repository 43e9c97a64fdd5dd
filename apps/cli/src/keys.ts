import { parseArgs } from 'node:util';
import { functionEnvironments } from '@hearth/catalogue';
import type { Database } from '@hearth/database';
import {
  accessKeySecrets,
  addMasterKey,
  createKey,
  dropPreviousMasterKeys,
  Keyring,
  listKeys,
  loadMasterKeys,
  rewrapDataKeys,
  rotateKeys,
  type MasterKeys,
  type NamedKey,
  type RotationOptions,
} from '@hearth/iam';
import { OperatorError } from '@hearth/kernel';
import type { Installation } from './installation.js';
import { withDatabase } from './platform-database.js';

const USAGE = 'hearth keys list | create NAME [--account ID] | rotate [NAME] [--account ID] | rotate-master';

/** What secrets at rest are encrypted with: `hearth keys ...`. */
export async function keys(place: Installation, arguments_: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: arguments_, allowPositionals: true, options: { account: { type: 'string' } } });
  const [verb, name, ...rest] = positionals;
  const accountId = values.account ?? place.settings.HEARTH_ACCOUNT_ID;
  if (rest.length > 0) throw new OperatorError('There is more than one name.', USAGE);
  return withDatabase(place, async (database) => {
    switch (verb) {
      case 'list':
        return list(database);
      case 'create':
        return create(place, database, { accountId, name: required(name) });
      case 'rotate':
        return rotate(place, database, name === undefined ? undefined : { accountId, name });
      case 'rotate-master':
        return rotateMaster(place, database);
      default:
        throw new OperatorError(`There is no 'hearth keys ${verb ?? ''}'.`, USAGE);
    }
  });
}

/** The keyring of a command: it sees what is there and ends with the command. */
export async function keyringOf(place: Installation, database: Database): Promise<Keyring> {
  // It does not watch for rotations, so that nothing fails in the background.
  return Keyring.open({ database, masterKeys: () => masterKeysOf(place), onError: () => undefined });
}

async function list(database: Database): Promise<number> {
  for (const { accountId, name, createdAt, currentVersion, currentSince, retired } of await listKeys(database.pool)) {
    const waiting = retired === 0 ? '' : `, ${retired} retired and still needed`;
    console.log(`${accountId ?? '-'.repeat(12)}  ${name}  made ${createdAt.toISOString()}  data key ${currentVersion} of ${currentSince.toISOString()}${waiting}`);
  }
  return 0;
}

async function create(place: Installation, database: Database, key: NamedKey): Promise<number> {
  await createKey({ database, masterKeys: () => masterKeysOf(place) }, key);
  console.log(`arn:aws:kms:${place.settings.HEARTH_REGION}:${key.accountId}:key/${key.name}`);
  return 0;
}

async function rotate(place: Installation, database: Database, key: NamedKey | undefined): Promise<number> {
  const rotated = await rotateKeys(await rotation(place, database), key);
  console.log(`${rotated.keys} keys have new data keys; ${rotated.resealed} values were encrypted anew, ${rotated.destroyed} old data keys are gone`);
  return 0;
}

async function rotateMaster(place: Installation, database: Database): Promise<number> {
  const { HEARTH_MASTER_KEY, HEARTH_PREVIOUS_MASTER_KEY } = place.settings;
  const inFile = HEARTH_MASTER_KEY === undefined;
  if (!inFile && HEARTH_PREVIOUS_MASTER_KEY === undefined) {
    throw new OperatorError(
      'The master key is a setting: a new one has to be given to every process first.',
      'Start all of them with the new key as HEARTH_MASTER_KEY and the old one as HEARTH_PREVIOUS_MASTER_KEY, then run this again with the same two.',
    );
  }
  const options = await rotation(place, database);
  // A replacement that was cut short is ended instead of beginning another.
  if (inFile && (await masterKeysOf(place)).previous.length === 0) await addMasterKey(place.stateDir);
  const wrapped = await rewrapDataKeys(options);
  if (inFile) await dropPreviousMasterKeys(place.stateDir);
  console.log(`${wrapped} data keys were wrapped with the new master key. ${inFile ? 'Put the new master.key into your backup.' : 'HEARTH_PREVIOUS_MASTER_KEY is not needed any more.'}`);
  return 0;
}

async function rotation(place: Installation, database: Database): Promise<RotationOptions> {
  const keyring = await keyringOf(place, database);
  return { database, keyring, masterKeys: () => masterKeysOf(place), values: [accessKeySecrets(database, keyring), functionEnvironments(database, keyring)] };
}

function masterKeysOf({ settings, stateDir }: Installation): Promise<MasterKeys> {
  return loadMasterKeys({ configured: settings.HEARTH_MASTER_KEY, previous: settings.HEARTH_PREVIOUS_MASTER_KEY, stateDir });
}

function required(name: string | undefined): string {
  if (name === undefined) throw new OperatorError('The key needs a name.', USAGE);
  return name;
}

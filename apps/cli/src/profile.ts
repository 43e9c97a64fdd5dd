import { readFile } from 'node:fs/promises';
import { OperatorError } from '@hearth/kernel';
import type { Installation } from './installation.js';

export interface Profile {
  name: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * The administrator key that the first start wrote, in the AWS tools' own file format.
 * @throws OperatorError when it is not there or not readable
 */
export async function readProfile(place: Installation): Promise<Profile> {
  let text: string;
  try {
    text = await readFile(place.credentialsFile, 'utf8');
  } catch (error) {
    throw new OperatorError(`The profile file ${place.credentialsFile} cannot be read: ${(error as Error).message}.`, 'It is written at the first start; use the user that started Hearth, or set HEARTH_PROFILE_DIR.');
  }
  const value = (name: string) => new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, 'm').exec(text)?.[1];
  const names = [...text.matchAll(/^\[([^\]]+)\]/gm)].map((match) => match[1]);
  const name = names.includes('hearth') ? 'hearth' : names[0];
  const accessKeyId = value('aws_access_key_id');
  const secretAccessKey = value('aws_secret_access_key');
  if (!name || !accessKeyId || !secretAccessKey) throw new OperatorError(`The profile file ${place.credentialsFile} holds no access key.`, 'Restore it from a backup, or begin anew with ./hearth reset.');
  return { name, accessKeyId, secretAccessKey };
}

import { readFile } from 'node:fs/promises';
import { InfrastructureError } from '@hearth/kernel';
import { z } from 'zod';

/** The form of Docker's own config.json, as `docker login` writes it. */
const schema = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional(), username: z.string().optional(), password: z.string().optional(), identitytoken: z.string().optional() }).loose()).default({}),
});

export interface RegistryCredentials {
  username?: string;
  password?: string;
  identitytoken?: string;
  serveraddress: string;
}

/** Docker Hub goes by several names. */
const HUB_NAMES = ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io'];

/**
 * What the operator's file has for a registry. Read at each use: credentials change, those of ECR every 12 hours.
 * @param registry absent: Docker Hub
 * @throws InfrastructureError when there is a file that cannot be read
 */
export async function credentialsFor(registry: string | undefined, file: string | undefined): Promise<RegistryCredentials | undefined> {
  if (file === undefined) return undefined;
  let parsed: z.output<typeof schema>;
  try {
    parsed = schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    // Without the text: it may hold a password.
    throw new InfrastructureError(`HEARTH_REGISTRY_AUTH_FILE ${file} cannot be read as a Docker configuration file (${(error as { code?: string }).code ?? (error as Error).name})`);
  }
  const names = registry === undefined ? HUB_NAMES : [registry, `https://${registry}`, `http://${registry}`];
  const name = names.find((each) => parsed.auths[each] !== undefined);
  if (name === undefined) return undefined;
  const { auth, username, password, identitytoken } = parsed.auths[name]!;
  if (identitytoken) return { identitytoken, serveraddress: name };
  if (username !== undefined && password !== undefined) return { username, password, serveraddress: name };
  const decoded = Buffer.from(auth ?? '', 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon > 0 ? { username: decoded.slice(0, colon), password: decoded.slice(colon + 1), serveraddress: name } : undefined;
}

/**
 * Container images of functions, as one Docker engine has or gets them.
 *
 * 1. What a function runs is named by a digest or an id, never by a tag.
 * 2. An image that was built or loaded on this engine under the very name is taken as it is; any other name is asked for at its registry,
 *    because its tag may have moved.
 */
import { existsSync } from 'node:fs';
import { InfrastructureError } from '@hearth/kernel';
import type Docker from 'dockerode';
import { imageFault, isImageFault, type ImageHost, type PinnedImage } from './function-image.js';
import { mapRepository, parseImageName, type ImageName, type RegistryMapping } from './image-name.js';
import { credentialsFor } from './registry-credentials.js';

const ENGINE_DEADLINE_MS = 20_000;
/** 10 GB over a slow line. */
const PULL_DEADLINE_MS = 1_800_000;
/** Of the unpacked image (spec/runtime-api.md 6.1). */
const MAX_IMAGE_BYTES = 10 * 1024 ** 3;
/** Keeps what functions use from `docker image prune`. */
const KEPT = 'hearth-function-image';
const ARCHITECTURES: Record<string, string> = { amd64: 'x86_64', arm64: 'arm64' };

/** What a sandbox needs to know of its image. */
export interface ImageFacts {
  /** What the engine makes a container of. */
  reference: string;
  entryPoint: readonly string[];
  command: readonly string[];
  workingDirectory: string;
  /** Names of the variables that the image sets. */
  variables: ReadonlySet<string>;
  volumes: readonly ImageVolume[];
}

/**
 * A folder that the image declares as a volume. Left to itself, the engine would make each a writable folder on the host's disk. So all sandboxes of
 * the image share one volume with the image's content, read-only.
 */
export interface ImageVolume {
  /** Of the engine's volume. */
  name: string;
  target: string;
}

/** One event of a download; the id is the layer's. */
interface PullProgress {
  id?: string;
  progressDetail?: { total?: number };
}

export interface EngineImagesOptions {
  docker: Docker;
  mappings?: readonly RegistryMapping[];
  /** HEARTH_REGISTRY_AUTH_FILE */
  authFile?: string;
  /** Without this file no sandbox of an image could start. */
  launcherPath: string;
  report(message: string): void;
}

export class EngineImages implements ImageHost {
  readonly #facts = new Map<string, Promise<ImageFacts>>();

  constructor(private readonly options: EngineImagesOptions) {}

  async locateImage(uri: string): Promise<PinnedImage> {
    assertLauncher(this.options.launcherPath);
    const name = parseImageName(uri);
    if (name === undefined) throw imageFault('InvalidImage', `Source image ${uri} is not valid. Provide a valid source image.`);
    if (name.digest !== undefined) return await this.#locateDigest(uri, name, name.digest);
    const tagged = { ...name, tag: name.tag ?? 'latest' };
    const here = await this.#inspect(`${tagged.repository}:${tagged.tag}`);
    if (here !== undefined && !cameFrom(here, this.#repository(tagged))) return { uri, digest: here.Id.replace('sha256:', ''), local: true };
    try {
      return { uri, digest: await this.#digestInRegistry(uri, tagged), local: false };
    } catch (error) {
      // Engines with containerd's store note a digest for what was built here as well: then no registry knows the image.
      if (here !== undefined && isImageFault(error)) return { uri, digest: here.Id.replace('sha256:', ''), local: true };
      throw error;
    }
  }

  async fetchImage(image: PinnedImage, architecture: 'x86_64' | 'arm64'): Promise<void> {
    const reference = this.#reference(image);
    const facts = (await this.#inspect(reference)) ?? (await this.#fetchMissing(image, reference));
    const actual = ARCHITECTURES[facts.Architecture] ?? facts.Architecture;
    if (facts.Os !== 'linux' || actual !== architecture) throw imageFault('InvalidImage', `The image ${image.uri} is made for ${facts.Os}/${actual}; the function's architecture is ${architecture}.`);
    if (facts.Size > MAX_IMAGE_BYTES) throw imageFault('InvalidImage', `The image ${image.uri} has ${facts.Size} bytes unpacked; at most ${MAX_IMAGE_BYTES} are allowed.`);
    const volume = declaredVolumes(facts).find(isReservedPlace);
    if (volume !== undefined) throw imageFault('InvalidImage', `The image ${image.uri} declares a volume at ${volume}, which is the platform's.`);
    await this.options.docker.getImage(facts.Id).tag({ repo: KEPT, tag: image.digest });
    await this.#fillVolumes(facts, reference);
  }

  /** Known from an earlier call, or got now: then the start that asked waits for a download. */
  async facts(image: PinnedImage, architecture: 'x86_64' | 'arm64'): Promise<ImageFacts> {
    let known = this.#facts.get(image.digest);
    if (known === undefined) {
      known = this.#read(image, architecture);
      this.#facts.set(image.digest, known);
      known.catch(() => this.#facts.delete(image.digest));
    }
    return await known;
  }

  /** The engine lost it: the next call looks again. */
  forget(image: PinnedImage): void {
    this.#facts.delete(image.digest);
  }

  async #read(image: PinnedImage, architecture: 'x86_64' | 'arm64'): Promise<ImageFacts> {
    const reference = this.#reference(image);
    let found = await this.#inspect(reference);
    if (found === undefined) {
      this.options.report(`The image ${image.uri} of a function was not on this host any more, or not yet: it is fetched while an invocation waits`);
      await this.fetchImage(image, architecture);
      found = await this.#inspect(reference);
    }
    if (found === undefined) throw new InfrastructureError(`the image ${reference} is not on this host`);
    const { Config } = found;
    const variables = (Config.Env ?? []).map((entry) => entry.slice(0, entry.indexOf('=')));
    return {
      reference,
      entryPoint: listOf(Config.Entrypoint),
      command: listOf(Config.Cmd),
      workingDirectory: Config.WorkingDir || '/',
      variables: new Set(variables),
      volumes: volumesOf(found),
    };
  }

  /** A container that never runs makes the engine copy the image's content: no two sandboxes do it at once later. */
  async #fillVolumes(facts: Docker.ImageInspectInfo, reference: string): Promise<void> {
    const volumes = volumesOf(facts);
    if (volumes.length === 0) return;
    const Mounts = volumes.map(({ name, target }) => ({ Type: 'volume' as const, Source: name, Target: target }));
    const container = await this.options.docker.createContainer({ Image: reference, Entrypoint: ['none'], NetworkDisabled: true, HostConfig: { NetworkMode: 'none', Mounts } });
    await container.remove();
  }

  /** A digest needs no registry where the image is already. */
  async #locateDigest(uri: string, name: ImageName, digest: string): Promise<PinnedImage> {
    const pinned = { uri, digest, local: false };
    if ((await this.#inspect(this.#reference(pinned))) === undefined) await this.#digestInRegistry(uri, name);
    return pinned;
  }

  async #digestInRegistry(uri: string, name: ImageName): Promise<string> {
    const repository = this.#repository(name);
    const reference = name.digest === undefined ? `${repository}:${name.tag}` : `${repository}@sha256:${name.digest}`;
    return await this.#asking(uri, async () => {
      const answer = await withDeadline(this.options.docker.getImage(reference).distribution(await this.#authentication(repository)), ENGINE_DEADLINE_MS);
      return answer.Descriptor.digest.replace('sha256:', '');
    });
  }

  async #fetchMissing(image: PinnedImage, reference: string): Promise<Docker.ImageInspectInfo> {
    if (image.local) throw imageFault('ImageDeleted', `The image ${image.uri} (sha256:${image.digest}) is not on the host any more, or not on every host with a worker. Push it to a registry that all hosts reach.`);
    const repository = reference.slice(0, reference.indexOf('@'));
    await this.#asking(image.uri, async () => {
      const progress = await this.options.docker.pull(reference, { ...(await this.#authentication(repository)), abortSignal: AbortSignal.timeout(PULL_DEADLINE_MS) });
      await new Promise<void>((resolve, reject) => {
        const layers = new Map<string, number>();
        const watch = ({ id, progressDetail }: PullProgress): void => {
          if (id === undefined || !progressDetail?.total) return;
          layers.set(id, progressDetail.total);
          if ([...layers.values()].reduce((sum, bytes) => sum + bytes, 0) <= MAX_IMAGE_BYTES) return;
          reject(imageFault('InvalidImage', `The image ${image.uri} has more than ${MAX_IMAGE_BYTES} bytes even packed; at most as many are allowed unpacked.`));
          (progress as NodeJS.ReadableStream & { destroy(): void }).destroy(); // The engine then gives up the download.
        };
        this.options.docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()), watch);
      });
    });
    const got = await this.#inspect(reference);
    if (got === undefined) throw new InfrastructureError(`the image ${reference} is not there although it was fetched`);
    return got;
  }

  /** Fails in the platform's words. */
  async #asking<T>(uri: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw faultOf(uri, error) ?? new InfrastructureError(`the image ${uri} cannot be fetched: ${(error as Error).message}`, { cause: error });
    }
  }

  async #authentication(repository: string): Promise<{ authconfig?: Docker.AuthConfig }> {
    const credentials = await credentialsFor(parseImageName(repository)?.registry, this.options.authFile);
    return credentials === undefined ? {} : { authconfig: credentials as Docker.AuthConfig };
  }

  async #inspect(reference: string): Promise<Docker.ImageInspectInfo | undefined> {
    try {
      return await withDeadline(this.options.docker.getImage(reference).inspect(), ENGINE_DEADLINE_MS);
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return undefined;
      throw new InfrastructureError(`the engine does not tell about the image ${reference}: ${(error as Error).message}`, { cause: error });
    }
  }

  #repository({ repository }: ImageName): string {
    return mapRepository(repository, this.options.mappings ?? []);
  }

  #reference({ uri, digest, local }: PinnedImage): string {
    return local ? `sha256:${digest}` : `${this.#repository(parseImageName(uri)!)}@sha256:${digest}`;
  }
}

/** @throws InfrastructureError */
export function assertLauncher(path: string): void {
  if (!existsSync(path)) throw new InfrastructureError('the launcher of container images is not compiled on this worker: run infra/runtimes/image-launcher/build.sh');
}

/** The engine has the image from this repository of a registry, or gave it to one. */
function cameFrom(image: Docker.ImageInspectInfo, repository: string): boolean {
  return (image.RepoDigests ?? []).some((each) => each.startsWith(`${repository}@`));
}

/**
 * The engine tells what went wrong at a registry in words only.
 * @returns undefined when the image need not be at fault
 */
function faultOf(uri: string, error: unknown) {
  if (isImageFault(error)) return error;
  const { statusCode, message = '' } = error as { statusCode?: number; message?: string };
  const text = message.toLowerCase();
  if (/manifest unknown|name unknown|manifest for .* not found|not found: manifest|does not exist/.test(text) && !/denied/.test(text)) return imageFault('ImageDeleted', `Source image ${uri} does not exist. Provide a valid source image.`, error);
  if (statusCode === 401 || statusCode === 403 || /denied|unauthorized|no basic auth credentials|authentication required/.test(text)) {
    return imageFault('ImageAccessDenied', `Lambda does not have permission to access the image ${uri}. Check the credentials of its registry (HEARTH_REGISTRY_AUTH_FILE).`, error);
  }
  if (statusCode === 404) return imageFault('ImageDeleted', `Source image ${uri} does not exist. Provide a valid source image.`, error);
  if (/no such host|invalid reference|http response to https client|no matching manifest|unsupported media type|manifest schema/.test(text)) return imageFault('InvalidImage', `Source image ${uri} is not valid: ${message}`, error);
  return undefined;
}

function declaredVolumes({ Config }: Docker.ImageInspectInfo): string[] {
  return Object.keys(Config.Volumes ?? {});
}

function volumesOf(image: Docker.ImageInspectInfo): ImageVolume[] {
  // /tmp is the sandbox's own, whatever the image says.
  const targets = declaredVolumes(image).filter((target) => target.replace(/\/+$/, '') !== '/tmp');
  return targets.map((target, index) => ({ name: `${KEPT}-${image.Id.replace('sha256:', '').slice(0, 32)}-${index}`, target }));
}

/** Where the sandbox has something of its own, or the kernel has. */
function isReservedPlace(path: string): boolean {
  const clean = `/${path.split('/').filter((part) => part !== '' && part !== '.').join('/')}`;
  return clean === '/' || clean === '/run' || clean.split('/').includes('..') || ['/run/hearth', '/run/hearth-launch', '/proc', '/sys', '/dev'].some((place) => clean === place || clean.startsWith(`${place}/`));
}

function listOf(value: string | string[] | undefined | null): string[] {
  if (value === undefined || value === null) return [];
  return typeof value === 'string' ? [value] : value;
}

async function withDeadline<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([work, new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1_000} s`)), limitMs)))]);
  } finally {
    clearTimeout(timer);
  }
}

import { join } from 'node:path';
import type { FunctionSpec } from '../function-spec.js';
import { assertLauncher, type EngineImages, type ImageVolume } from '../images/engine-images.js';
import type { RuntimeCatalogue } from '../runtime-catalogue.js';
import { plainEnvironment, shellEnvironment } from '../shell-environment.js';
import type { ContainerPlan } from './container-options.js';

/** What runs in a container, and how: a runtime of the catalogue around the function's code, or an image of the function's own. */
export interface SandboxProgram {
  image: string;
  /** For people. */
  name: string;
  channel: 'socket' | 'http';
  launcher: ContainerPlan['launcher'];
  imageVolumes?: readonly ImageVolume[];
  /** Names of variables that the image sets; absent: those of a runtime, which give way. */
  imageVariables?: ReadonlySet<string>;
  /** The environment in the form that the launcher reads. */
  environmentText(environment: Readonly<Record<string, string>>): string;
}

export function managedProgram(catalogue: RuntimeCatalogue, spec: FunctionSpec): SandboxProgram {
  const { image, name, channel } = catalogue.resolve(spec.runtime);
  const target = '/run/hearth-launch.sh';
  return { image, name, channel, launcher: { path: join(catalogue.assets, 'launch.sh'), target, entrypoint: ['/bin/sh', target] }, environmentText: shellEnvironment };
}

/** @throws InfrastructureError without the launcher, ServiceError of the image */
export async function imageProgram(assets: string, images: EngineImages, spec: FunctionSpec): Promise<SandboxProgram> {
  const { image } = spec;
  if (image === undefined) throw new Error('The function is not a container image');
  const path = imageLauncher(assets);
  assertLauncher(path);
  const facts = await images.facts(image, spec.architecture);
  const target = '/run/hearth-launch';
  const entrypoint = [target, image.workingDirectory ?? facts.workingDirectory, ...(image.entryPoint ?? facts.entryPoint), ...(image.command ?? facts.command)];
  return {
    image: facts.reference,
    name: image.uri,
    channel: 'http',
    launcher: { path, target, entrypoint },
    imageVolumes: facts.volumes,
    imageVariables: facts.variables,
    environmentText: plainEnvironment,
  };
}

export function imageLauncher(assets: string): string {
  return join(assets, 'image-launcher/hearth-launch');
}

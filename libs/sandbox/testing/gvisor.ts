import type Docker from 'dockerode';

/** `it` where the engine has gVisor (infra/launcher installs it for the tests), `it.skip`, to be seen in the report, where it does not. */
export async function testOnGvisor(docker: Docker): Promise<typeof it> {
  const { Runtimes = {} } = (await docker.info()) as { Runtimes?: Record<string, unknown> };
  return Object.hasOwn(Runtimes, 'runsc') ? it : (it.skip as typeof it);
}

import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerEngine } from '@hearth/sandbox';
import type Docker from 'dockerode';
import { HANDLER } from './platform.js';

/** Loads the handler as a runtime would, runs it once and prints the answer. */
const RUN_HANDLER = "require('/var/task/index.js').handler({n:1}).then((answer) => process.stdout.write(JSON.stringify(answer)))";
const NODE = '/var/lang/bin/node';

/** The engine without anything of Hearth's, over its API: the other side of what a sandbox costs. */
export class RawDocker {
  private constructor(
    readonly engine: Docker,
    private readonly image: string,
    private readonly code: string,
  ) {}

  static async open(image: string): Promise<RawDocker> {
    const code = await mkdtemp(join(tmpdir(), 'hearth-bench-code-'));
    await writeFile(join(code, 'index.js'), HANDLER);
    await chmod(code, 0o755);
    return new RawDocker(dockerEngine(process.env.DOCKER_HOST), image, code);
  }

  async close(): Promise<void> {
    await rm(this.code, { recursive: true });
  }

  /** Creates a container that runs the handler once. @returns ms until its first byte, and how to remove it */
  async firstByte(): Promise<{ ms: number; remove(): Promise<void> }> {
    const begin = performance.now();
    const container = await this.create(['-e', RUN_HANDLER]);
    const remove = async (): Promise<void> => void (await container.remove({ force: true, v: true }));
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    await container.start();
    const [chunk] = (await once(stream, 'data')) as [Buffer];
    const ms = performance.now() - begin;
    if (!chunk.toString().endsWith('{"n":1}')) throw new Error(`Wrong answer of a container: ${chunk.toString()}`);
    return { ms, remove };
  }

  /** A container that answers every line of its input with the same line. */
  async echo(): Promise<{ container: Docker.Container; ask(): Promise<void> }> {
    const container = await this.create(['-e', 'process.stdin.pipe(process.stdout)'], { OpenStdin: true, AttachStdin: true });
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true });
    await container.start();
    return {
      container,
      ask: async () => {
        stream.write('{"n":1}\n');
        await once(stream, 'data');
      },
    };
  }

  /** A container in which Node does nothing. */
  async idle(): Promise<Docker.Container> {
    const container = await this.create(['-e', "setInterval(() => undefined, 1_000_000); process.stdout.write('up')"]);
    const stream = await container.attach({ stream: true, stdout: true });
    await container.start();
    await once(stream, 'data');
    return container;
  }

  private create(args: string[], more: Docker.ContainerCreateOptions = {}): Promise<Docker.Container> {
    return this.engine.createContainer({
      Image: this.image,
      Entrypoint: [NODE, ...args],
      Cmd: [],
      AttachStdout: true,
      NetworkDisabled: true,
      Labels: { 'hearth.bench': '1' },
      HostConfig: { NetworkMode: 'none', Binds: [`${this.code}:/var/task:ro`], LogConfig: { Type: 'none', Config: {} } },
      ...more,
    });
  }
}

import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { DockerDriver } from '../drivers/docker-driver.js';
import { imageLauncher } from '../drivers/sandbox-program.js';
import { EngineImages } from '../images/engine-images.js';
import { RuntimeCatalogue } from '../runtime-catalogue.js';
import { answerOf, Bench, specFor, until } from '../testing/bench.js';
import { compileLauncher } from '../testing/scratch-image.js';

const docker = new Docker();
const catalogue = RuntimeCatalogue.load();
const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
const NAME = `hearth-test-ext/${randomUUID().slice(0, 8)}:latest`;
/** Names that the tests made. */
const made = new Set([NAME]);
const BOOTSTRAP = `#!/bin/sh
trap 'echo told to end; exit 0' TERM
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while :; do
  curl -sS -o /dev/null -D /tmp/head "$api/next" & wait $!
  id=$(sed -n 's/^lambda-runtime-aws-request-id: *\\([-0-9a-f]*\\).*$/\\1/Ip' /tmp/head)
  curl -sS -o /dev/null -X POST -d '"from the image"' "$api/$id/response"
done
`;
const WATCHER = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
id=$(curl -sS -o /dev/null -D - -H 'Lambda-Extension-Name: watcher' -d '{"events":["INVOKE","SHUTDOWN"]}' "$api/register" | sed -n 's/^lambda-extension-identifier: *\\([-0-9a-f]*\\).*$/\\1/Ip')
echo "started in $(pwd) with handler <$_HANDLER>"
while :; do
  event=$(curl -sS -H "Lambda-Extension-Identifier: $id" "$api/event/next") || exit 1
  echo "watched $event"
  case $event in *SHUTDOWN*) exit 0 ;; esac
done
`;

describe('an extension in a container image', () => {
  let bench: Bench;
  let images: EngineImages;
  const folder = mkdtempSync(join(tmpdir(), 'hearth-image-extension-'));
  beforeAll(async () => {
    await compileLauncher();
    images = new EngineImages({ docker, launcherPath: imageLauncher(catalogue.assets), report: () => undefined });
    bench = await Bench.open(
      (place) => new DockerDriver({ ...place, docker, catalogue, images, labels: { 'hearth.test': 'ext' } }),
    );
  });
  afterAll(async () => {
    await bench?.close();
    execFileSync('docker', ['rmi', '-f', ...made], { stdio: 'ignore' });
    rmSync(folder, { recursive: true });
  });

  async function imageWith(name: string, script: string) {
    mkdirSync(join(folder, 'extensions'), { recursive: true });
    writeFileSync(join(folder, 'bootstrap'), BOOTSTRAP, { mode: 0o755 });
    writeFileSync(join(folder, 'extensions', name), script, { mode: 0o755 });
    writeFileSync(
      join(folder, 'Dockerfile'),
      `FROM hearth/provided\nCOPY bootstrap /bootstrap\nCOPY extensions/${name} /opt/extensions/${name}\nENTRYPOINT ["/bootstrap"]\n`,
    );
    execFileSync('docker', ['build', '-q', '-t', NAME, folder], { stdio: 'ignore' });
    const image = await images.locateImage(NAME);
    await images.fetchImage(image, architecture);
    made.add(`hearth-function-image:${image.digest}`);
    return specFor(image.digest, { runtime: '', handler: '', image, architecture });
  }

  it('is started before the runtime, told of invocations and of the end', async () => {
    const spec = await imageWith('watcher', WATCHER);
    expect(answerOf(await bench.invoke(spec, {}))).toBe('from the image');
    await until(() => bench.pool.stats().states.idle === 1, 'the extension is through');
    bench.pool.retire(() => true);
    await until(() => bench.pool.stats().states.draining === 0, 'the sandbox is gone');
    expect(bench.lines).toContain('started in / with handler <>');
    expect(bench.lines).toContain('told to end');
    const events = bench.lines
      .filter((line) => line.startsWith('watched '))
      .map((line) => JSON.parse(line.slice('watched '.length)));
    expect(events.map(({ eventType }) => eventType)).toEqual(['INVOKE', 'SHUTDOWN']);
  });

  it.each([
    ['#!/bin/sh\nexit 4\n', 'Extension.Crash', 'exit status 4'],
    ['no program\n', 'Extension.LaunchError', 'fork/exec /opt/extensions/broken: exec format error'],
  ])('that fails (%j) fails the invocation', async (script, errorType, reason) => {
    const outcome = await bench.invoke(await imageWith('broken', script), {});
    expect(answerOf(outcome)).toEqual({ errorType, errorMessage: expect.stringMatching(new RegExp(` Error: ${reason}$`)) });
  });
});

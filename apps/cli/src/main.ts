/** Entry of what `./hearth` asks TypeScript for. Faults of the operator are one sentence with its remedy; a stack means a defect. */
import { loadSettings } from '@hearth/config';
import { OperatorError } from '@hearth/kernel';
import { admin } from './admin.js';
import { audit } from './audit.js';
import { iam } from './iam.js';
import { installation } from './installation.js';
import { keys } from './keys.js';
import { logs } from './logs.js';
import { network } from './network.js';
import { quickstart } from './quickstart.js';
import { reset } from './reset.js';
import { runtimes } from './runtimes.js';
import { status } from './status.js';
import { stop } from './stop.js';
import { up } from './up.js';

const commands: Record<string, (arguments_: string[]) => Promise<number>> = {
  up: () => up(installation(loadSettings())),
  stop: () => stop(installation(loadSettings())),
  status: () => status(installation(loadSettings())),
  logs: (arguments_) => logs(installation(loadSettings()), arguments_),
  reset: (arguments_) => reset(installation(loadSettings()), arguments_),
  admin: (arguments_) => admin(installation(loadSettings()), arguments_),
  iam: (arguments_) => iam(installation(loadSettings()), arguments_),
  keys: (arguments_) => keys(installation(loadSettings()), arguments_),
  network: (arguments_) => network(installation(loadSettings()), arguments_),
  runtimes: (arguments_) => runtimes(installation(loadSettings()), arguments_),
  audit: (arguments_) => audit(installation(loadSettings()), arguments_),
  quickstart: () => quickstart(installation(loadSettings())),
};

// Whoever reads the output (head, less) has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const [name = '', ...rest] = process.argv.slice(2);
try {
  const command = commands[name];
  if (command === undefined) throw new OperatorError(`There is no command '${name}'.`, `Use one of: ${Object.keys(commands).join(', ')}.`);
  process.exitCode = await command(rest);
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  process.stderr.write(`hearth: ${error.message}\n        ${error.remedy}\n`);
  process.exitCode = 1;
}

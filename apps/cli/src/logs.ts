import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { OperatorError } from '@hearth/kernel';
import { functionLogFiles } from './function-logs.js';
import type { Installation } from './installation.js';

const LINES = 200;

/** `logs [-f] [NAME]`: JSON lines of the platform and its functions, or of one function. */
export async function logs(place: Installation, arguments_: string[]): Promise<number> {
  const follow = arguments_.includes('-f') || arguments_.includes('--follow');
  const [name] = arguments_.filter((argument) => !argument.startsWith('-'));
  const files = await functionLogFiles(place);
  const paths = name === undefined ? [place.logFile, ...files.map((file) => file.path)] : files.filter((file) => file.functionName === name).map((file) => file.path);
  if (name !== undefined && paths.length === 0) throw new OperatorError(`The function ${name} has logged nothing yet.`, 'Invoke it first; ./hearth logs shows everything.');
  if (!existsSync(place.logFile)) throw new OperatorError(`There is no log in ${place.stateDir}.`, 'Start Hearth first: ./hearth up.');
  const tail = spawn('tail', ['-q', '-n', String(LINES), ...(follow ? ['-F'] : []), ...paths], { stdio: 'inherit' });
  return new Promise((resolve) => tail.once('exit', (code) => resolve(code ?? 0)));
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The environment as the launcher of container images reads it: `NAME=VALUE`, each ended by a NUL.
 * @throws RangeError for what no process can hold
 */
export function plainEnvironment(environment: Readonly<Record<string, string>>): string {
  let text = '';
  for (const [name, value] of Object.entries(environment)) {
    if (name === '' || /[=\0]/.test(name) || value.includes('\0')) throw new RangeError(`${JSON.stringify(name)} cannot be an environment variable`);
    text += `${name}=${value}\0`;
  }
  return text;
}

/**
 * The environment as a file that a POSIX shell sources: secrets stay out of `docker inspect`. Values are single-quoted, in
 * which nothing but the quote itself has a meaning; the bytes come through unchanged, newlines included.
 * @throws RangeError for a name no shell can export, or a NUL in a value (no process can hold one)
 */
export function shellEnvironment(environment: Readonly<Record<string, string>>): string {
  let text = '';
  for (const [name, value] of Object.entries(environment)) {
    if (!NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is not a name of an environment variable`);
    if (value.includes('\0')) throw new RangeError(`The value of ${name} holds a NUL`);
    text += `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`;
  }
  return text;
}

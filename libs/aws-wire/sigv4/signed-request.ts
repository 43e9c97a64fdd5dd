/** The head of a request exactly as it came from the socket: signatures cover bytes, so nothing may be decoded before. */
export interface RequestHead {
  method: string;
  rawPath: string;
  rawQuery: string;
  /** Alternating names and values in the order of arrival, as Node's `rawHeaders`. */
  rawHeaders: readonly string[];
}

/** Lower-case name -> values in order of arrival. */
export type HeaderValues = ReadonlyMap<string, readonly string[]>;

export function headerValues(rawHeaders: readonly string[]): HeaderValues {
  const values = new Map<string, string[]>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    const known = values.get(name);
    if (known === undefined) values.set(name, [rawHeaders[index + 1]!]);
    else known.push(rawHeaders[index + 1]!);
  }
  return values;
}

/** Decoded query parameters in order of appearance; repeated names keep every value. */
export type QueryParameters = ReadonlyMap<string, readonly string[]>;

export interface RequestTarget {
  /** Path as received, before `?`. */
  rawPath: string;
  /** Query as received, after `?`. */
  rawQuery: string;
}

/** Splits the target of a request line. */
export function splitTarget(target: string): RequestTarget {
  const mark = target.indexOf('?');
  return mark < 0 ? { rawPath: target, rawQuery: '' } : { rawPath: target.slice(0, mark), rawQuery: target.slice(mark + 1) };
}

/**
 * Raw segments of a path with dot segments and empty segments resolved: the same normalisation that the signature covers
 * (spec/iam-and-sts.md 2.1), so that no two requests with one signature reach two operations.
 */
export function pathSegments(rawPath: string): string[] {
  const segments: string[] = [];
  for (const segment of rawPath.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') segments.pop();
    else segments.push(segment);
  }
  return segments;
}

/**
 * `+` stays a plus: signers encode a blank as `%20`.
 * @returns undefined when a name or value is not valid percent-encoding
 */
export function parseQuery(rawQuery: string): QueryParameters | undefined {
  const parameters = new Map<string, string[]>();
  if (rawQuery === '') return parameters;
  try {
    for (const pair of rawQuery.split('&')) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = decodeURIComponent(equals < 0 ? pair : pair.slice(0, equals));
      const value = equals < 0 ? '' : decodeURIComponent(pair.slice(equals + 1));
      const values = parameters.get(name);
      if (values === undefined) parameters.set(name, [value]);
      else values.push(value);
    }
  } catch {
    return undefined; // decodeURIComponent refused it; the caller answers 400.
  }
  return parameters;
}

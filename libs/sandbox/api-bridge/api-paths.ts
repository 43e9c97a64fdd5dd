/** Of Hearth's own paths functions have the two that ask for a signature of their own: uploads of code, and links to code. */
const OPEN = /^\/_hearth\/(artifacts|code)\/./;
const OWN = /^\/+_hearth(\/|$)/i;

/**
 * Whether a function may ask the API for this target. AWS requests may have any path; of those under /_hearth, which are Hearth's own, only
 * some are for functions.
 * @param target of the request line: path and query
 */
export function isForFunctions(target: string): boolean {
  // Absolute targets are for proxies; `*` is for nobody here.
  if (!target.startsWith('/')) return false;
  const path = target.split('?', 1)[0]!;
  const decoded = decodedPath(path);
  if (decoded === undefined) return false;
  const resolved = withoutDots(decoded);
  if (!OWN.test(decoded) && !OWN.test(resolved)) return true;
  return decoded === resolved && OPEN.test(path) && OPEN.test(decoded);
}

/** As the API's router decodes it; undefined where it would refuse to. */
function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** No router here resolves dot segments; were one to, it would not lead to what is closed. */
function withoutDots(path: string): string {
  const segments: string[] = [];
  for (const segment of path.replaceAll('\\', '/').split('/').slice(1)) {
    if (segment === '..') segments.pop();
    else if (segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

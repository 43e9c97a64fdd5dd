const MAX_HOPS = 40;

/**
 * Follows a symbolic link the way the kernel does, through the other links of the package, and tells whether it stays inside.
 * Reading `..` from the text alone would not do: `a -> b/../..` leaves when `b` itself points upwards.
 * @param targets every link of the package: path to target text
 */
export function linkStaysInside(path: string, targets: ReadonlyMap<string, string>): boolean {
  let position: string[] = path.split('/').slice(0, -1);
  const first = targets.get(path);
  if (first === undefined || !plain(first)) return false;
  const rest = first.split('/').reverse();
  let hops = 1;
  while (rest.length > 0) {
    const segment = rest.pop()!;
    if (segment === '' || segment === '.') continue;
    if (segment === '..') {
      if (position.length === 0) return false;
      position = position.slice(0, -1);
      continue;
    }
    const target = targets.get([...position, segment].join('/'));
    if (target === undefined) {
      position = [...position, segment];
      continue;
    }
    if (++hops > MAX_HOPS || !plain(target)) return false;
    rest.push(...target.split('/').reverse());
  }
  return true;
}

function plain(target: string): boolean {
  return target !== '' && !target.startsWith('/') && !target.includes('\0') && !target.includes('\\');
}

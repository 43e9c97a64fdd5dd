/** `REGISTRY[:PORT]/REPOSITORY[:TAG][@sha256:HEX]`, as Docker reads it. */
export interface ImageName {
  /** Without tag and digest, registry included if one was given. */
  repository: string;
  /** Absent for short names, which an engine looks up on Docker Hub. */
  registry?: string;
  tag?: string;
  /** Hex SHA-256. */
  digest?: string;
}

const NAME = /^((?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*)(?::(\w[\w.-]{0,127}))?(?:@sha256:([0-9a-f]{64}))?$/;
const MAX_NAME_LENGTH = 512;

/** @returns undefined when it is not the name of an image; a bare digest is none either */
export function parseImageName(text: string): ImageName | undefined {
  if (text.length > MAX_NAME_LENGTH) return undefined;
  const found = NAME.exec(text);
  if (found === null) return undefined;
  const [, repository, tag, digest] = found as unknown as [string, string, string | undefined, string | undefined];
  const first = repository.includes('/') ? repository.slice(0, repository.indexOf('/')) : '';
  const isRegistry = first === 'localhost' || /[.:]/.test(first);
  // An upper-case letter is allowed in a host only.
  if (!isRegistry && repository !== repository.toLowerCase()) return undefined;
  return { repository, ...(isRegistry && { registry: first }), ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/** One registry in place of another: `*` in `from` stands for any part of a host name. */
export interface RegistryMapping {
  from: string;
  to: string;
}

/** Where the images of a repository really are: the first mapping that fits its registry. */
export function mapRepository(repository: string, mappings: readonly RegistryMapping[]): string {
  const end = repository.indexOf('/');
  if (end < 0) return repository;
  const registry = repository.slice(0, end);
  const mapping = mappings.find(({ from }) => matches(registry, from));
  return mapping === undefined ? repository : `${mapping.to}${repository.slice(end)}`;
}

function matches(registry: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[A-Za-z0-9-]+')}$`).test(registry);
}

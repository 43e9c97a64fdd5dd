import type { OperationContext, OperationHandler } from '@hearth/aws-wire';
import { parseArn } from '@hearth/kernel';
import { invalidParameter, notFound } from './errors.js';
import type { TaggedPlace, TagOwner } from './tagged-table.js';

const MAX_TAGS = 50;

/** Part of an ARN's resource before the id: `code-signing-config`, `event-source-mapping`. */
export type TagOwners = Readonly<Record<string, TagOwner>>;

/**
 * The tagging operations over all kinds of resources: those of `owners` by the type in the ARN, everything else as `functions` has it.
 * @param functions ListTags, TagResource and UntagResource of functions
 */
export function tagOperations(functions: Readonly<Record<string, OperationHandler>>, owners: TagOwners): Record<string, OperationHandler> {
  const ownerOf = (resource: string): { owner: TagOwner; place: TaggedPlace } | undefined => {
    const arn = parseArn(resource);
    const [type = '', id = ''] = arn?.resource.split(':') ?? [];
    if (arn === undefined || !Object.hasOwn(owners, type)) return undefined;
    return { owner: owners[type]!, place: { accountId: arn.accountId, region: arn.region, id } };
  };
  const route =
    (operation: string, own: (owner: TagOwner, place: TaggedPlace, input: any) => Promise<Record<string, unknown>>): OperationHandler =>
    async (input: { Resource: string }, context) => {
      const found = ownerOf(input.Resource);
      if (found === undefined) return functions[operation]!(input, context);
      if (!isOwn(found.place, context)) throw noSuchResource();
      return own(found.owner, found.place, input);
    };
  return {
    ListTags: route('ListTags', async (owner, place) => {
      const tags = await owner.tagsOf(place);
      if (tags === undefined) throw noSuchResource();
      return { Tags: tags };
    }),
    TagResource: route('TagResource', async (owner, place, { Tags }: { Tags: Record<string, string> }) => {
      if (Object.keys(Tags).length === 0) throw invalidParameter('An error occurred and the request cannot be processed.');
      const outcome = await owner.add(place, Tags, MAX_TAGS);
      if (outcome === 'unknown') throw noSuchResource();
      if (outcome === 'too many') throw invalidParameter('Number of tags exceeds resource tag limit.');
      return {};
    }),
    UntagResource: route('UntagResource', async (owner, place, { TagKeys }: { TagKeys: string[] }) => {
      if (!(await owner.remove(place, TagKeys))) throw noSuchResource();
      return {};
    }),
  };
}

function isOwn(place: TaggedPlace, context: OperationContext): boolean {
  return place.accountId === context.accountId && place.region === context.region;
}

function noSuchResource() {
  return notFound('The resource you requested does not exist.');
}

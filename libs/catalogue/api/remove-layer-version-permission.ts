import type { OperationHandler } from '@hearth/aws-wire';
import { notFound, stalePolicyRevision } from '../errors.js';
import { assertOwnLayer } from '../layer-access.js';
import { layerVersionOf, parseLayerName } from '../parse-layer-name.js';
import type { CatalogueParts } from '../parts.js';
import type { PolicyDocument } from '../policy-document.js';

interface RemoveLayerVersionPermissionInput {
  LayerName: string;
  VersionNumber: number;
  StatementId: string;
  RevisionId?: string;
}

/** The policy goes with its last statement. */
export function removeLayerVersionPermission({ layers }: CatalogueParts): OperationHandler {
  return async (input: RemoveLayerVersionPermissionInput, context) => {
    const reference = layerVersionOf(parseLayerName(input.LayerName, context), input.VersionNumber);
    assertOwnLayer(reference, context, 'RemoveLayerVersionPermission');
    const changed = await layers.changePolicy(reference, reference.version, ({ policy }) => {
      if (policy === null) throw notFound('No policy is associated with the given resource.');
      const document = JSON.parse(policy.document) as PolicyDocument;
      const left = document.Statement.filter(({ Sid }) => Sid !== input.StatementId);
      if (left.length === document.Statement.length) throw notFound(`Statement ${input.StatementId} is not found in resource policy.`);
      if (input.RevisionId !== undefined && input.RevisionId !== policy.revisionId) throw stalePolicyRevision('GetLayerPolicy');
      return left.length === 0 ? null : JSON.stringify({ ...document, Statement: left });
    });
    if (changed === undefined) throw notFound(`Layer version ${reference.versionArn} does not exist.`);
    return {};
  };
}

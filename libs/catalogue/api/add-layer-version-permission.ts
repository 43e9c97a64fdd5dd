import type { OperationHandler } from '@hearth/aws-wire';
import { invalidParameter, notFound, stalePolicyRevision, statementExists } from '../errors.js';
import { assertOwnLayer } from '../layer-access.js';
import { layerVersionOf, parseLayerName } from '../parse-layer-name.js';
import type { CatalogueParts } from '../parts.js';
import { emptyPolicy, policyPrincipal, policyText, type PolicyDocument } from '../policy-document.js';

interface AddLayerVersionPermissionInput {
  LayerName: string;
  VersionNumber: number;
  StatementId: string;
  Action: string;
  Principal: string;
  OrganizationId?: string;
  RevisionId?: string;
}

export function addLayerVersionPermission({ layers }: CatalogueParts): OperationHandler {
  return async (input: AddLayerVersionPermissionInput, context) => {
    const reference = layerVersionOf(parseLayerName(input.LayerName, context), input.VersionNumber);
    assertOwnLayer(reference, context, 'AddLayerVersionPermission');
    if (input.OrganizationId !== undefined && input.Principal !== '*') throw invalidParameter('OrganizationId can be given only with the Principal *.');
    const statement = {
      Sid: input.StatementId,
      Effect: 'Allow',
      Principal: policyPrincipal(input.Principal),
      Action: input.Action,
      Resource: reference.versionArn,
      ...(input.OrganizationId === undefined ? {} : { Condition: { StringEquals: { 'aws:PrincipalOrgID': input.OrganizationId } } }),
    };
    const policy = await layers.changePolicy(reference, reference.version, ({ policy: stored }) => {
      if (input.RevisionId !== undefined && input.RevisionId !== stored?.revisionId) throw stalePolicyRevision('GetLayerPolicy');
      const document = stored === null ? emptyPolicy() : (JSON.parse(stored.document) as PolicyDocument);
      if (document.Statement.some(({ Sid }) => Sid === input.StatementId)) throw statementExists(input.StatementId);
      return policyText({ ...document, Statement: [...document.Statement, statement] });
    });
    if (policy === undefined || policy === null) throw notFound(`Layer version ${reference.versionArn} does not exist.`);
    return { Statement: JSON.stringify(statement), RevisionId: policy.revisionId };
  };
}

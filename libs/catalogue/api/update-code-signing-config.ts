import type { OperationHandler } from '@hearth/aws-wire';
import { shownConfig, type AllowedPublishers, type CodeSigningPolicies } from '../code-signing/code-signing-config.js';
import { noSuchConfig } from '../code-signing/errors.js';
import { ownConfigId } from '../code-signing/find-config.js';
import type { CatalogueParts } from '../parts.js';

interface UpdateCodeSigningConfigInput {
  CodeSigningConfigArn: string;
  Description?: string;
  AllowedPublishers?: AllowedPublishers;
  CodeSigningPolicies?: CodeSigningPolicies;
}

export function updateCodeSigningConfig({ codeSigning, clock }: CatalogueParts): OperationHandler {
  return async (input: UpdateCodeSigningConfigInput, context) => {
    const id = ownConfigId(input.CodeSigningConfigArn, context);
    const change = {
      description: input.Description,
      allowedPublishers: input.AllowedPublishers?.SigningProfileVersionArns,
      untrustedArtifacts: input.CodeSigningPolicies?.UntrustedArtifactOnDeployment,
    };
    const updated = id === undefined ? undefined : await codeSigning.update(context, id, change, new Date(clock.now()));
    if (updated === undefined) throw noSuchConfig();
    return { CodeSigningConfig: shownConfig(updated) };
  };
}

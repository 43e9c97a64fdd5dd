import type { OperationHandler } from '@hearth/aws-wire';
import { newConfigId, shownConfig, type AllowedPublishers, type CodeSigningConfig, type CodeSigningPolicies } from '../code-signing/code-signing-config.js';
import type { CatalogueParts } from '../parts.js';
import { assertTags } from '../tags.js';

interface CreateCodeSigningConfigInput {
  Description?: string;
  AllowedPublishers: AllowedPublishers;
  CodeSigningPolicies?: CodeSigningPolicies;
  Tags?: Record<string, string>;
}

export function createCodeSigningConfig({ codeSigning, clock }: CatalogueParts): OperationHandler {
  return async (input: CreateCodeSigningConfigInput, { accountId, region }) => {
    assertTags(input.Tags ?? {});
    const config: CodeSigningConfig = {
      id: newConfigId(),
      accountId,
      region,
      ...(input.Description === undefined ? {} : { description: input.Description }),
      allowedPublishers: input.AllowedPublishers.SigningProfileVersionArns,
      untrustedArtifacts: input.CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? 'Warn',
      tags: input.Tags ?? {},
      lastModified: new Date(clock.now()),
    };
    await codeSigning.insert(config);
    return { CodeSigningConfig: shownConfig(config) };
  };
}

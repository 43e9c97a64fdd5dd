import { ACCOUNT, ALLOW_ALL, LAMBDA_TRUST, OTHER_ACCOUNT, useIam } from './testing/iam-fixture.js';

const FUNCTION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`;
const OTHER_FUNCTION = `arn:aws:lambda:us-east-1:${OTHER_ACCOUNT}:function:f`;
const INVOKE = 'lambda:InvokeFunction';

const iam = useIam();

function policy(...statements: object[]): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({ Effect: 'Allow', Action: 'lambda:*', Resource: '*', ...statement })),
  });
}

const custom = (input: object) => iam.call('SimulateCustomPolicy', { ActionNames: [INVOKE], ...input });
const ofPrincipal = (input: object) =>
  iam.call('SimulatePrincipalPolicy', { ActionNames: [INVOKE], PolicySourceArn: `arn:aws:iam::${ACCOUNT}:user/u`, ...input });

async function refusal(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'accepted',
    ({ code, status }: { code: string; status: number }) => ({ code, status }),
  );
}

const INVALID = { code: 'InvalidInput', status: 400 };

describe('SimulateCustomPolicy', () => {
  it('decides per action and tells the statements that decide, with where they stand', async () => {
    const document =
      '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"},\n    {"Effect": "Deny", "Action": "lambda:Delete*", "Resource": "*"}\n  ]\n}';
    const answer = await custom({ PolicyInputList: [document], ActionNames: [INVOKE, 'lambda:DeleteFunction', 's3:GetObject'] });
    const at = (start: number[], end: number[]) => ({
      SourcePolicyId: 'PolicyInputList.1',
      SourcePolicyType: 'IAM Policy',
      StartPosition: { Line: start[0], Column: start[1] },
      EndPosition: { Line: end[0], Column: end[1] },
    });
    const common = { EvalResourceName: '*', MissingContextValues: [] };
    expect(answer).toEqual({
      IsTruncated: false,
      EvaluationResults: [
        { ...common, EvalActionName: INVOKE, EvalDecision: 'allowed', MatchedStatements: [at([3, 17], [4, 63])] },
        {
          ...common,
          EvalActionName: 'lambda:DeleteFunction',
          EvalDecision: 'explicitDeny',
          MatchedStatements: [at([4, 64], [5, 68])],
        },
        { ...common, EvalActionName: 's3:GetObject', EvalDecision: 'implicitDeny', MatchedStatements: [] },
      ],
    });
  });

  it('answers one result per action, the strictest, with one for each resource in it', async () => {
    const wanted = [FUNCTION, `${FUNCTION}2`, `${FUNCTION}3`];
    const { EvaluationResults } = await custom({
      PolicyInputList: [policy({ Resource: wanted.slice(0, 2) }, { Effect: 'Deny', Resource: wanted[1] })],
      ResourceArns: wanted,
    });
    expect(EvaluationResults).toHaveLength(1);
    expect(EvaluationResults[0]).toMatchObject({
      EvalDecision: 'explicitDeny',
      MatchedStatements: [{ SourcePolicyId: 'PolicyInputList.1' }],
      EvalDecisionDetails: {},
    });
    expect(
      EvaluationResults[0].ResourceSpecificResults.map((result: any) => [
        result.EvalResourceName,
        result.EvalResourceDecision,
        result.MatchedStatements.length,
      ]),
    ).toEqual([
      [wanted[0], 'allowed', 1],
      [wanted[1], 'explicitDeny', 1],
      [wanted[2], 'implicitDeny', 0],
    ]);
  });

  it('uses context entries, and names the keys that are missing as the policy spells them', async () => {
    const PolicyInputList = [
      policy({
        Condition: {
          IpAddress: { 'aws:SourceIp': '10.0.0.0/8' },
          StringEquals: { 'aws:RequestTag/Team': '${aws:PrincipalTag/Team}' },
        },
      }),
    ];
    const missing = await custom({ PolicyInputList, ResourceArns: [FUNCTION] });
    const keys = ['aws:PrincipalTag/Team', 'aws:RequestTag/Team', 'aws:SourceIp'];
    expect(missing.EvaluationResults[0]).toMatchObject({
      EvalDecision: 'implicitDeny',
      MissingContextValues: keys,
      ResourceSpecificResults: [{ MissingContextValues: keys }],
    });
    const entry = (ContextKeyName: string, ContextKeyType: string, ...ContextKeyValues: string[]) => ({
      ContextKeyName,
      ContextKeyType,
      ContextKeyValues,
    });
    const ContextEntries = [
      entry('AWS:SourceIp', 'ip', '10.1.2.3'),
      entry('aws:RequestTag/Team', 'string', 'blue'),
      entry('aws:PrincipalTag/Team', 'string', 'blue'),
    ];
    expect((await custom({ PolicyInputList, ContextEntries })).EvaluationResults[0]).toMatchObject({
      EvalDecision: 'allowed',
      MissingContextValues: [],
    });
    expect(await refusal(custom({ PolicyInputList, ContextEntries: [entry('aws:SourceIp', 'ip', 'here')] }))).toEqual(INVALID);
    expect(await refusal(custom({ PolicyInputList, ContextEntries: [entry('a:b', 'string', '1', '2')] }))).toEqual(INVALID);
    expect(
      await refusal(custom({ PolicyInputList, ContextEntries: [entry('a:b', 'string', '1'), entry('A:B', 'string', '2')] })),
    ).toEqual(INVALID);
  });

  it('limits by a permissions boundary and says whether it allows', async () => {
    const bounded = (boundary: string) =>
      custom({ PolicyInputList: [ALLOW_ALL], PermissionsBoundaryPolicyInputList: [boundary] });
    expect((await bounded(policy({ Action: 's3:*' }))).EvaluationResults[0]).toMatchObject({
      EvalDecision: 'implicitDeny',
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
    });
    expect((await bounded(ALLOW_ALL)).EvaluationResults[0]).toMatchObject({
      EvalDecision: 'allowed',
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: true },
    });
    expect(
      await refusal(custom({ PolicyInputList: [ALLOW_ALL], PermissionsBoundaryPolicyInputList: [ALLOW_ALL, ALLOW_ALL] })),
    ).toEqual(INVALID);
  });

  it('weighs a resource policy for a caller, in one account and across two', async () => {
    const ResourcePolicy = policy({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/bob` } });
    const CallerArn = `arn:aws:iam::${ACCOUNT}:user/bob`;
    const none = policy({ Action: 's3:*' });
    const same = await custom({ PolicyInputList: [none], ResourceArns: [FUNCTION], ResourcePolicy, CallerArn });
    expect(same.EvaluationResults[0]).toMatchObject({
      EvalDecision: 'allowed',
      MatchedStatements: [{ SourcePolicyId: 'ResourcePolicy', SourcePolicyType: 'resource' }],
    });
    const across = await custom({ PolicyInputList: [none], ResourceArns: [OTHER_FUNCTION], ResourcePolicy, CallerArn });
    expect(across.EvaluationResults[0]).toMatchObject({
      EvalDecision: 'implicitDeny',
      EvalDecisionDetails: { 'IAM Policy': 'implicitDeny', 'Resource Policy': 'allowed' },
    });
    const bothSides = await custom({
      PolicyInputList: [ALLOW_ALL],
      ResourcePolicy,
      CallerArn,
      ResourceOwner: `arn:aws:iam::${OTHER_ACCOUNT}:root`,
    });
    expect(bothSides.EvaluationResults[0].EvalDecision).toBe('allowed');
    expect(await refusal(custom({ PolicyInputList: [ALLOW_ALL], ResourcePolicy }))).toEqual(INVALID);
    expect(
      await refusal(custom({ PolicyInputList: [ALLOW_ALL], CallerArn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/s` })),
    ).toEqual(INVALID);
    expect(await refusal(custom({ PolicyInputList: [ALLOW_ALL], ResourceOwner: CallerArn }))).toEqual(INVALID);
  });

  it('pages over the actions', async () => {
    const ActionNames = Array.from({ length: 7 }, (_value, index) => `lambda:Action${index}`);
    const { items, pages } = await iam.all('SimulateCustomPolicy', 'EvaluationResults', {
      PolicyInputList: [ALLOW_ALL],
      ActionNames,
      MaxItems: 3,
    });
    expect(pages).toEqual([3, 3, 1]);
    expect(items.map((item: any) => item.EvalActionName)).toEqual(ActionNames);
  });

  it('refuses policies, actions and resources that are none, and what Hearth does not simulate', async () => {
    expect(await refusal(custom({ PolicyInputList: ['{'] }))).toEqual(INVALID);
    expect(await refusal(custom({ PolicyInputList: [ALLOW_ALL], ActionNames: ['lambda:*'] }))).toEqual(INVALID);
    expect(await refusal(custom({ PolicyInputList: [ALLOW_ALL], ResourceArns: ['f'] }))).toEqual(INVALID);
    expect(await refusal(custom({ PolicyInputList: [ALLOW_ALL], OrderedOrganizationPolicyInputList: [] }))).toMatchObject({
      status: 501,
    });
    expect(
      await refusal(custom({ PolicyInputList: [ALLOW_ALL], ResourceHandlingOption: 'EC2-VPC-InstanceStore' })),
    ).toMatchObject({ status: 501 });
  });
});

describe('SimulatePrincipalPolicy', () => {
  it('takes the policies of a user with those of its groups, its boundary, and what else is given', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    expect((await ofPrincipal({})).EvaluationResults[0].EvalDecision).toBe('implicitDeny');
    expect((await ofPrincipal({ PolicyInputList: [ALLOW_ALL] })).EvaluationResults[0].MatchedStatements[0].SourcePolicyId).toBe(
      'PolicyInputList.1',
    );
    await iam.call('CreateGroup', { GroupName: 'g' });
    await iam.call('AddUserToGroup', { GroupName: 'g', UserName: 'u' });
    await iam.call('AttachGroupPolicy', { GroupName: 'g', PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
    expect((await ofPrincipal({})).EvaluationResults[0]).toMatchObject({
      EvalDecision: 'allowed',
      MatchedStatements: [{ SourcePolicyId: 'AdministratorAccess' }],
    });
    await iam.call('PutUserPolicy', { UserName: 'u', PolicyName: 'no', PolicyDocument: ALLOW_ALL.replace('Allow', 'Deny') });
    expect((await ofPrincipal({})).EvaluationResults[0]).toMatchObject({
      EvalDecision: 'explicitDeny',
      MatchedStatements: [{ SourcePolicyId: 'no' }],
    });
    await iam.call('DeleteUserPolicy', { UserName: 'u', PolicyName: 'no' });
    await iam.call('PutUserPermissionsBoundary', {
      UserName: 'u',
      PermissionsBoundary: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
    });
    expect((await ofPrincipal({})).EvaluationResults[0]).toMatchObject({
      EvalDecision: 'implicitDeny',
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
    });
    expect((await ofPrincipal({ PermissionsBoundaryPolicyInputList: [ALLOW_ALL] })).EvaluationResults[0].EvalDecision).toBe(
      'allowed',
    );
    const group = await ofPrincipal({ PolicySourceArn: `arn:aws:iam::${ACCOUNT}:group/g` });
    expect(group.EvaluationResults[0].EvalDecision).toBe('allowed');
  });

  it('leaves out excluded policies', async () => {
    await iam.call('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: LAMBDA_TRUST });
    await iam.call('PutRolePolicy', { RoleName: 'r', PolicyName: 'a', PolicyDocument: ALLOW_ALL });
    await iam.call('AttachRolePolicy', { RoleName: 'r', PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
    await iam.call('PutRolePermissionsBoundary', {
      RoleName: 'r',
      PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess',
    });
    const PolicySourceArn = `arn:aws:iam::${ACCOUNT}:role/r`;
    const without = async (...PolicyExclusionList: object[]) => {
      const { EvaluationResults } = await ofPrincipal({ PolicySourceArn, PolicyExclusionList });
      return [
        EvaluationResults[0].MatchedStatements.map((statement: any) => statement.SourcePolicyId).sort(),
        EvaluationResults[0].PermissionsBoundaryDecisionDetail !== undefined,
      ];
    };
    expect(await without()).toEqual([['AdministratorAccess', 'a'], true]);
    expect(await without({ PolicyType: 'inline' })).toEqual([['AdministratorAccess'], true]);
    expect(await without({ PolicyType: 'aws-managed' }, { PolicyType: 'permission-boundary' }, { PolicyType: 'scp' })).toEqual([
      ['a'],
      false,
    ]);
    expect(await without({ PolicyArn: 'arn:aws:iam::aws:policy/Admin*' })).toEqual([['a'], true]);
    expect(await without({ InlinePolicyIdentifier: { PolicyName: 'a', AttachmentType: 'role', AttachmentName: '?' } })).toEqual([
      ['AdministratorAccess'],
      true,
    ]);
    expect(await without({ InlinePolicyIdentifier: { PolicyName: 'a', AttachmentType: 'user', AttachmentName: '*' } })).toEqual([
      ['AdministratorAccess', 'a'],
      true,
    ]);
    expect(
      await refusal(ofPrincipal({ PolicySourceArn, PolicyExclusionList: [{ PolicyArn: 'arn:aws:iam::aws:policy/*a*' }] })),
    ).toEqual(INVALID);
    expect(await refusal(ofPrincipal({ PolicySourceArn, PolicyExclusionList: [{}] }))).toEqual(INVALID);
  });

  it('knows nobody who is not there, and nobody of another account', async () => {
    expect(await refusal(ofPrincipal({}))).toEqual({ code: 'NoSuchEntity', status: 404 });
    await iam.call('CreateUser', { UserName: 'u' }, { accountId: OTHER_ACCOUNT });
    expect(await refusal(ofPrincipal({ PolicySourceArn: `arn:aws:iam::${OTHER_ACCOUNT}:user/u` }))).toEqual({
      code: 'NoSuchEntity',
      status: 404,
    });
    expect(await refusal(ofPrincipal({ PolicySourceArn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/s` }))).toEqual(INVALID);
  });
});

import { authorise } from './authorise.js';

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:f';
const root = { accountId: '000000000000', principalArn: 'arn:aws:iam::000000000000:root' };

it('permits the administrator of the account', () => {
  authorise(root, 'lambda:InvokeFunction', ARN);
  authorise(root, 'lambda:ListFunctions', '*');
});

it('denies everybody else, and other accounts, in the words of AWS', () => {
  const user = { accountId: '000000000000', principalArn: 'arn:aws:iam::000000000000:user/u' };
  expect(() => authorise(user, 'lambda:InvokeFunction', ARN)).toThrow(
    `User: arn:aws:iam::000000000000:user/u is not authorized to perform: lambda:InvokeFunction on resource: ${ARN} because no identity-based policy allows the lambda:InvokeFunction action`,
  );
  expect(() => authorise(root, 'lambda:InvokeFunction', ARN.replace('000000000000', '111111111111'))).toThrow(/not authorized/);
  expect(() => authorise({ ...root, accountId: '111111111111' }, 'lambda:ListFunctions', '*')).toThrow(/not authorized/);
});

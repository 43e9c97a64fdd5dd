import { durableCallbackId, durableExecutionArn, parseDurableCallbackId, parseDurableExecutionArn } from './durable-execution-arn.js';

const EXECUTION = { region: 'us-east-1', accountId: '000000000000', functionName: 'orders', version: '$LATEST', name: 'order-7', id: '0b6ed1f4-7f1e-4a43-9d29-1f9e7b3f7c55' };

describe('ARNs of durable executions', () => {
  it('say what they were made of', () => {
    const arn = durableExecutionArn(EXECUTION);
    expect(arn).toBe('arn:aws:lambda:us-east-1:000000000000:function:orders:$LATEST/durable-execution/order-7/0b6ed1f4-7f1e-4a43-9d29-1f9e7b3f7c55');
    expect(parseDurableExecutionArn(arn)).toEqual(EXECUTION);
  });

  it('are told from other ARNs', () => {
    expect(parseDurableExecutionArn('arn:aws:lambda:us-east-1:000000000000:function:orders:1')).toBeUndefined();
    expect(parseDurableExecutionArn('arn:aws:iam::000000000000:role/x')).toBeUndefined();
    expect(parseDurableExecutionArn('orders')).toBeUndefined();
  });
});

describe('callback ids', () => {
  it('name execution and operation, without characters that a path would change', () => {
    for (const operationId of ['a', '_-Zz9', 'ffffffffffffffff', '___']) {
      const id = durableCallbackId(durableExecutionArn(EXECUTION), operationId);
      expect(id).toMatch(/^[A-Za-z0-9]+={0,2}$/);
      expect(parseDurableCallbackId(id)).toMatchObject({ execution: EXECUTION, operationId });
    }
  });

  it('are not taken from other text', () => {
    for (const text of ['', 'nonsense', Buffer.from('a#b').toString('base64')]) expect(parseDurableCallbackId(text)).toBeUndefined();
  });
});

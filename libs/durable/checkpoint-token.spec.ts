import { checkpointToken, parseCheckpointToken } from './checkpoint-token.js';

it('says which checkpoint it is for', () => {
  const position = { executionId: '0b6ed1f4-7f1e-4a43-9d29-1f9e7b3f7c55', generation: 3, sequence: 70_000 };
  const token = checkpointToken(position);
  expect(token).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
  expect(parseCheckpointToken(token)).toEqual(position);
});

it('is not read from other text', () => {
  for (const text of ['', 'abc', Buffer.alloc(25).toString('base64'), Buffer.alloc(26, 1).toString('base64')]) expect(parseCheckpointToken(text)).toBeUndefined();
});

/** Which checkpoint of which invocation of which execution comes next. Opaque to functions; anything else than the latest is refused. */
export interface CheckpointPosition {
  executionId: string;
  generation: number;
  sequence: number;
}

const BYTES = 24;
const VERSION = 1;

export function checkpointToken({ executionId, generation, sequence }: CheckpointPosition): string {
  const bytes = Buffer.alloc(BYTES + 1);
  bytes.writeUInt8(VERSION, 0);
  Buffer.from(executionId.replaceAll('-', ''), 'hex').copy(bytes, 1);
  bytes.writeUInt32BE(generation, 17);
  bytes.writeUInt32BE(sequence, 21);
  return bytes.toString('base64');
}

export function parseCheckpointToken(token: string): CheckpointPosition | undefined {
  const bytes = Buffer.from(token, 'base64');
  if (bytes.length !== BYTES + 1 || bytes[0] !== VERSION) return undefined;
  const hex = bytes.toString('hex', 1, 17);
  const executionId = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  return { executionId, generation: bytes.readUInt32BE(17), sequence: bytes.readUInt32BE(21) };
}

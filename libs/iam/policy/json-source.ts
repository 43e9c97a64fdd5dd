/** Where a value stands in a text. Lines and columns count from 1; the end is behind the last character, as the simulation API has it. */
export interface Position {
  Line: number;
  Column: number;
}

export interface SourceSpan {
  start: Position;
  end: Position;
}

export interface JsonSource {
  /** An object names a member twice. JSON.parse would take the last, another reader the first: no policy may depend on that. */
  hasDuplicateMembers: boolean;
  /**
   * Offsets of the statements of a policy: the value of `Statement`, or the elements of that array. As the simulation API tells
   * them, an element begins right behind the bracket or comma before it (recorded: `3:17` for `  "Statement": [` in line 3).
   */
  statements: { from: number; to: number }[];
}

interface Level {
  /** Members seen; missing for arrays. */
  members: Set<string> | undefined;
  /** Objects: the member whose value comes next. */
  member: string | undefined;
  from: number;
  /** Behind the last bracket or comma. */
  itemFrom: number;
}

/** @param text JSON that JSON.parse accepts */
export function readSource(text: string): JsonSource {
  const levels: Level[] = [];
  const source: JsonSource = { hasDuplicateMembers: false, statements: [] };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    const level = levels.at(-1);
    if (character === '"') {
      const end = endOfString(text, at);
      if (level?.members !== undefined && level.member === undefined) {
        const name = JSON.parse(text.slice(at, end)) as string;
        if (level.members.has(name)) source.hasDuplicateMembers = true;
        level.members.add(name);
        level.member = name;
      }
      at = end - 1;
    } else if (character === '{') levels.push({ members: new Set(), member: undefined, from: at, itemFrom: at + 1 });
    else if (character === '[') levels.push({ members: undefined, member: undefined, from: at, itemFrom: at + 1 });
    else if (character === ',' && level !== undefined) {
      level.member = undefined;
      level.itemFrom = at + 1;
    } else if (character === '}' || character === ']') {
      const { from } = levels.pop()!;
      const list = levels.length === 2 ? levels[1] : undefined;
      if (character === '}' && isStatement(levels)) source.statements.push({ from: list?.itemFrom ?? from, to: at + 1 });
    }
  }
  return source;
}

/** Of a policy's statements, in their order. */
export function statementSpans(document: string): SourceSpan[] {
  return readSource(document).statements.map((offsets) => spanOf(document, offsets));
}

function spanOf(text: string, { from, to }: { from: number; to: number }): SourceSpan {
  return { start: positionOf(text, from), end: positionOf(text, to) };
}

function isStatement(around: readonly Level[]): boolean {
  const direct = around.length === 1 && around[0]!.member === 'Statement';
  return direct || (around.length === 2 && around[0]!.member === 'Statement' && around[1]!.members === undefined);
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { Line: before.split('\n').length, Column: offset - lineStart + 1 };
}

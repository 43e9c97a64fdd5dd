import { meetsMark, type Result } from './result.js';

const number = (value: number) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3));

/** The table for people: one line per result, sides in their own unit. */
export function table(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const ok = meetsMark(result);
    return [
      result.id,
      number(result.value),
      result.unit,
      result.mark === null ? '-' : `${result.better === 'lower' ? '<=' : '>='} ${result.mark}`,
      ok === undefined ? '-' : ok ? 'yes' : 'NO',
      number(result.min),
      String(result.pairs),
      result.sides === undefined ? '' : `${number(result.sides.hearth)} / ${number(result.sides.baseline)} ${result.sides.unit}`,
    ];
  });
  const lines = [['id', 'value', 'unit', 'mark', 'ok', 'min', 'pairs', 'hearth / baseline'], ...rows];
  const widths = (lines[0] as string[]).map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] as number)).join('  ').trimEnd()).join('\n');
}

/**
 * Searches texts for a regular expression, one look at each character.
 *
 * The steps that a search may be at are one state of the automaton; where a state goes with a character is worked out when it is first needed, and
 * remembered. An expression may have more states than there is room for: those beyond are worked out each time, so that a character costs at most a walk
 * through the steps (256), whatever the text.
 */
import { classesOf, OTHERS, type CharacterSet } from './character-set.js';
import type { Expression } from './regular-expression.js';

const MAX_STATES = 1_000;

/** Where a search may be. */
interface Place {
  /** Steps that wait for a character. */
  waiting: readonly number[];
  matches: boolean;
  /** Or it would if the text ended here. */
  matchesAtEnd: boolean;
}

interface State extends Place {
  /** By class of the next character; of states that there is no room for nothing is remembered. */
  next: (State | undefined)[] | undefined;
}

export class Automaton {
  private readonly classOf: Uint8Array;
  private readonly classes: number;
  /** What each step waits for, and what is reached without a character after it. */
  private readonly sets: readonly (CharacterSet | undefined)[];
  private readonly after: readonly Place[];
  /** A match may begin at every character. */
  private readonly anywhere: Place;
  private readonly first: State;
  private readonly states = new Map<string, State>();
  /** Steps of the place being worked out are marked with its number. */
  private readonly marks: Uint32Array;
  private mark = 0;

  constructor({ steps, starts }: Expression) {
    this.sets = steps.map((step) => (step.kind === 'character' ? step.set : undefined));
    const { classOf, count } = classesOf(this.sets.filter((set) => set !== undefined));
    this.classOf = classOf;
    this.classes = count;
    this.marks = new Uint32Array(steps.length);
    this.after = steps.map((_step, at) => reachable({ steps, starts: [at + 1] }, false));
    this.anywhere = reachable({ steps, starts }, false);
    this.first = this.remembered(reachable({ steps, starts }, true));
  }

  /** Whether it matches somewhere in the text. */
  test(text: string): boolean {
    let state = this.first;
    for (let at = 0; at < text.length; at++) {
      if (state.matches) return true;
      const unit = text.charCodeAt(at);
      const code = unit < OTHERS ? unit : OTHERS;
      state = state.next?.[this.classOf[code]!] ?? this.follow(state, code);
    }
    return state.matches || state.matchesAtEnd;
  }

  private follow(from: State, code: number): State {
    const to = this.remembered(this.goOn(from, code));
    if (from.next !== undefined && to.next !== undefined) from.next[this.classOf[code]!] = to;
    return to;
  }

  private goOn({ waiting: from }: Place, code: number): Place {
    this.mark += 1;
    const place = { waiting: [] as number[], matches: false, matchesAtEnd: false };
    for (const at of from) if (this.sets[at]![code] === 1) this.add(place, this.after[at]!);
    this.add(place, this.anywhere);
    return place;
  }

  private add(place: Place & { waiting: number[] }, { waiting, matches, matchesAtEnd }: Place): void {
    place.matches ||= matches;
    place.matchesAtEnd ||= matchesAtEnd;
    for (const at of waiting) {
      if (this.marks[at] === this.mark) continue;
      this.marks[at] = this.mark;
      place.waiting.push(at);
    }
  }

  private remembered(place: Place): State {
    if (this.states.size >= MAX_STATES) return { ...place, next: undefined };
    const key = `${place.waiting.join(' ')} ${place.matches} ${place.matchesAtEnd}`;
    let state = this.states.get(key);
    if (state === undefined) this.states.set(key, (state = { ...place, next: Array<State | undefined>(this.classes).fill(undefined) }));
    return state;
  }
}

/** Everything that is reached from some steps without a character. */
function reachable({ steps, starts }: Expression, atBegin: boolean): Place {
  const walk = (atEnd: boolean): Set<number> => {
    const seen = new Set<number>();
    const open = [...starts];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const step = steps[at];
      if (step === undefined || seen.has(at)) continue;
      seen.add(at);
      if (step.kind === 'either') open.push(step.other, at + 1);
      else if (step.kind === 'goto') open.push(step.to);
      else if ((step.kind === 'begin' && atBegin) || (step.kind === 'end' && atEnd)) open.push(at + 1);
    }
    return seen;
  };
  const seen = walk(false);
  const hasMatch = (places: Set<number>): boolean => [...places].some((at) => steps[at]!.kind === 'match');
  return { waiting: [...seen].filter((at) => steps[at]!.kind === 'character'), matches: hasMatch(seen), matchesAtEnd: hasMatch(walk(true)) };
}

import { parseTemplate } from './template.js';
import { Wildcard, type Meter } from './wildcard.js';

/** The value of Action or NotAction: `*` (also written `*:*`) or `service:Name` with wildcards in the name, without regard to case. */
export class ActionPatterns {
  private everything = false;
  private readonly exact = new Set<string>();
  /** By service, which has no wildcards. */
  private readonly byService = new Map<string, Wildcard[]>();

  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      const folded = pattern.toLowerCase();
      const service = folded.slice(0, folded.indexOf(':') + 1);
      if (folded === '*' || folded === '*:*') this.everything = true;
      else if (folded.includes('*') || folded.includes('?')) {
        const compiled = new Wildcard(
          parseTemplate(folded, { variables: false, wildcards: true }) as ConstructorParameters<typeof Wildcard>[0],
        );
        const ofService = this.byService.get(service);
        if (ofService === undefined) this.byService.set(service, [compiled]);
        else ofService.push(compiled);
      } else this.exact.add(folded);
    }
  }

  /** @param action lower case */
  include(action: string, meter?: Meter): boolean {
    if (this.everything || this.exact.has(action)) return true;
    if (this.byService.size === 0) return false;
    const wildcards = this.byService.get(action.slice(0, action.indexOf(':') + 1));
    return wildcards !== undefined && wildcards.some((pattern) => pattern.matches(action, meter));
  }
}

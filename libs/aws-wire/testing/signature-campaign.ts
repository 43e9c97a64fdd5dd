import { ServiceError } from '@hearth/kernel';
import { SigV4Verifier } from '../sigv4/verifier.js';
import { genuineRequest, KEYS, MUTATIONS, NOW, REGION, seeded, type SignedRequest } from './signed-requests.js';

export interface CampaignResult {
  genuine: number;
  mutated: number;
  /** Per mutation, how many requests it made. */
  byMutation: Record<string, number>;
  /** What must not be: genuine requests that were refused, mutated ones that were accepted, answers that are no refusal. */
  failures: string[];
}

const MAX_FAILURES = 20;

/** Genuine requests must be accepted and mutated ones refused by the verifier itself, without a network in between. */
export async function signatureCampaign(options: { seed: number; genuine: number; mutated: number; progress?: (done: CampaignResult) => void }): Promise<CampaignResult> {
  const random = seeded(options.seed);
  const verifier = new SigV4Verifier({ region: REGION, clock: { now: () => NOW } });
  const names = Object.keys(MUTATIONS);
  const result: CampaignResult = { genuine: 0, mutated: 0, byMutation: Object.fromEntries(names.map((name) => [name, 0])), failures: [] };
  const fail = (what: string, request: SignedRequest): void => void (result.failures.length < MAX_FAILURES && result.failures.push(`${what}: ${JSON.stringify({ ...request, body: request.body.toString('latin1') })}`));
  const perRequest = Math.ceil(options.mutated / options.genuine);
  while (result.genuine < options.genuine) {
    const request = await genuineRequest(random);
    result.genuine++;
    const refused = refusal(verifier, request);
    if (refused !== undefined) fail(`genuine request refused (${String(refused)})`, request);
    for (let made = 0; made < perRequest && result.mutated < options.mutated; ) {
      const name = names[Math.floor(random() * names.length)]!;
      const mutated = MUTATIONS[name]!(request, random);
      if (mutated === undefined || JSON.stringify(mutated) === JSON.stringify(request)) continue;
      made++;
      result.mutated++;
      result.byMutation[name]!++;
      const error = refusal(verifier, mutated);
      if (error === undefined) fail(`accepted after '${name}'`, mutated);
      else if (!(error instanceof ServiceError) || ![400, 403].includes(error.status)) fail(`no refusal after '${name}' (${String(error)})`, mutated);
    }
    if (result.genuine % 10_000 === 0) options.progress?.(result);
  }
  return result;
}

function refusal(verifier: SigV4Verifier, { head, body }: SignedRequest): unknown {
  try {
    const presented = verifier.present(head);
    verifier.verify(presented, KEYS.get(presented.credential.accessKeyId), body);
    return undefined;
  } catch (error) {
    return error;
  }
}

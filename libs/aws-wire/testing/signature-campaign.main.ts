/**
 * The whole campaign: `node dist/libs/aws-wire/testing/signature-campaign.main.js [SEED] [MUTATED] [GENUINE]`
 * (default 1, 1,000,000, 100,000). Exits with 1 when a single request was judged wrongly. CI runs a slice: signature-campaign.spec.ts.
 */
import { signatureCampaign } from './signature-campaign.js';

const [seed = 1, mutated = 1_000_000, genuine = 100_000] = process.argv.slice(2).map(Number);
const startedAt = performance.now();
const { failures, ...counts } = await signatureCampaign({ seed, mutated, genuine, progress: (done) => process.stderr.write(`${done.genuine} genuine, ${done.mutated} mutated, ${done.failures.length} wrong\n`) });
process.stdout.write(`${JSON.stringify({ seed, ...counts, wrong: failures.length, seconds: Math.round((performance.now() - startedAt) / 1000) }, null, 1)}\n`);
for (const failure of failures) process.stderr.write(`${failure}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

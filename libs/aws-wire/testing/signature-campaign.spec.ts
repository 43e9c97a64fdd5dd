import { signatureCampaign } from './signature-campaign.js';

it('a slice of the signature campaign: no genuine request is refused, no mutated one accepted, every mutation is tried', async () => {
  const { failures, byMutation, mutated, genuine } = await signatureCampaign({ seed: 20_261_125, genuine: 1_000, mutated: 10_000 });
  expect(failures).toEqual([]);
  expect({ genuine, mutated }).toEqual({ genuine: 1_000, mutated: 10_000 });
  expect(Object.entries(byMutation).filter(([, count]) => count === 0)).toEqual([]);
});

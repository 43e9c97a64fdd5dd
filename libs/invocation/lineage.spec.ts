import { MAX_HOPS, nextHop } from './lineage.js';

const ROOT = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
const A = 'aaaaaaaa-1111-4111-8111-111111111111';
const B = 'bbbbbbbb-1111-4111-8111-111111111111';

describe('the lineage of a chain of invocations', () => {
  it('begins with the first function and keeps the rest of the header', () => {
    expect(nextHop(ROOT, A)).toEqual({ traceHeader: `${ROOT};Lineage=aaaaaaaa:1`, count: 1 });
  });

  it('counts each function of the chain by itself', () => {
    let header = ROOT;
    const counts: number[] = [];
    for (const id of [A, B, A, B, A]) {
      const hop = nextHop(header, id);
      header = hop.traceHeader;
      counts.push(hop.count);
    }
    expect(counts).toEqual([1, 1, 2, 2, 3]);
    expect(header).toBe(`${ROOT};Lineage=bbbbbbbb:2|aaaaaaaa:3`);
  });

  it('is found wherever it stands', () => {
    expect(nextHop('Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=aaaaaaaa:4;Sampled=0', A)).toEqual({
      traceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=aaaaaaaa:5;Sampled=0',
      count: 5,
    });
  });

  it('takes no harm from what others wrote into it', () => {
    for (const junk of ['', '::|', 'aaaaaaaa:99999', 'aaaaaaa:3', 'c512fbe3', '|'.repeat(5_000)]) {
      expect(nextHop(`${ROOT};Lineage=${junk}`, A)).toEqual({ traceHeader: `${ROOT};Lineage=aaaaaaaa:1`, count: 1 });
    }
  });

  it('stays short however many functions take part, without losing the loop', () => {
    let header = ROOT;
    let last = 0;
    const others = Array.from({ length: 20 }, (_, index) => index.toString(16).padStart(8, '0'));
    for (let round = 0; round <= MAX_HOPS; round++) {
      for (const other of others) header = nextHop(header, other).traceHeader;
      const hop = nextHop(header, A);
      header = hop.traceHeader;
      last = hop.count;
    }
    expect(last).toBe(MAX_HOPS + 1);
    for (let index = 0; index < 200; index++) header = nextHop(header, (0xcc000000 + index).toString(16)).traceHeader;
    expect(header.length).toBeLessThan(600);
  });
});

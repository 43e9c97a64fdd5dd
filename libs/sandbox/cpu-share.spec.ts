import { cpuShare, initCpuShare, nanoCpus } from './cpu-share.js';

describe('the CPU share of a function', () => {
  it.each([
    [1_769, 64, 1],
    [128, 64, 128 / 1_769],
    [10_240, 64, 10_240 / 1_769],
    [10_614, 64, 6],
    [10_240, 2, 2],
  ])('%d MB on %d CPUs are %d vCPU', (memoryMb, hostCpus, vcpus) => expect(cpuShare(memoryMb, hostCpus)).toBeCloseTo(vcpus, 9));

  it('is at least one vCPU during init, but never more than there is', () => {
    expect(initCpuShare(128, 8)).toBe(1);
    expect(initCpuShare(3_538, 8)).toBeCloseTo(2, 9);
    expect(initCpuShare(10_240, 2)).toBe(2);
  });

  it('is given to Docker in whole billionths', () => expect(nanoCpus(128 / 1_769)).toBe(72_357_263));
});

/** Memory that buys one whole vCPU (runtime-api.md section 4). */
const MB_PER_VCPU = 1_769;
const MAX_VCPUS = 6;
/** The kernel's smallest CPU quota is 1 ms of 100 ms. */
const MIN_VCPUS = 0.01;

/**
 * Lambda's share rule: CPU grows with memory, 1,769 MB = 1 vCPU, 6 vCPU at 10,240 MB.
 * @param hostCpus more than these cannot be given, and Docker refuses to try
 * @returns vCPUs
 */
export function cpuShare(memoryMb: number, hostCpus: number): number {
  return Math.max(MIN_VCPUS, Math.min(memoryMb / MB_PER_VCPU, MAX_VCPUS, hostCpus));
}

/** What a sandbox may use until it is initialised: Lambda, too, gives a whole vCPU to the init of small functions. */
export function initCpuShare(memoryMb: number, hostCpus: number): number {
  return Math.max(cpuShare(memoryMb, hostCpus), Math.min(1, hostCpus));
}

/** vCPUs in Docker's unit, whole 1e-9 CPUs. */
export function nanoCpus(vcpus: number): number {
  return Math.floor(vcpus * 1e9);
}

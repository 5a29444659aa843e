import type { SieveKernel } from '#dsage/jobs/factor/kernel/sieve-wasm.js';

/** A kernel that adds up the milliseconds that it spends in some of its stages. */
export class TimedKernel<Stage extends keyof SieveKernel> {
  readonly kernel: SieveKernel;
  readonly ms = new Map<Stage, number>();

  constructor(kernel: SieveKernel, stages: readonly Stage[]) {
    const timed = stages.map((stage) => {
      const run = (...args: number[]) => {
        const from = performance.now();
        const result = (kernel[stage] as (this: void, ...args: number[]) => number)(...args);
        this.ms.set(stage, (this.ms.get(stage) ?? 0) + performance.now() - from);
        return result;
      };
      return [stage, run];
    });
    this.kernel = { ...kernel, ...(Object.fromEntries(timed) as Partial<SieveKernel>) };
  }
}

import { DistributedJob } from 'dsage';

/** Tasks that do nothing, and a coordinator that looks at its own memory at every tenth of them. */
export class Counting extends DistributedJob<
  { readonly tasks: number },
  number,
  number,
  { readonly memoryMb: readonly number[] }
> {
  static readonly module = import.meta.url;
  #collected = 0;
  readonly #memoryMb: number[] = [];

  *tasks() {
    for (let n = 0; n < this.parameters.tasks; n += 1) yield n;
  }

  compute(n: number) {
    return n;
  }

  collect() {
    this.#collected += 1;
    if (this.#collected % Math.ceil(this.parameters.tasks / 10) !== 0) return;
    globalThis.gc?.();
    this.#memoryMb.push(process.memoryUsage.rss() / 1024 / 1024);
  }

  get result() {
    return { memoryMb: this.#memoryMb };
  }
}

import type { SieveBase } from '#dsage/jobs/factor/sieve/base.js';

/** Full relations, and cycles of the graph whose vertices are large primes and 1: edges - vertices + components. */
export class Cycles {
  readonly kinds = [0, 0, 0];
  readonly #parents = new Map<number, number>();
  readonly #seen = new Set<string>();
  #edges = 0;
  #components = 0;
  repeated = 0;

  get full(): number {
    return this.kinds[0] ?? 0;
  }

  get count(): number {
    return this.#edges - this.#parents.size + this.#components;
  }

  get total(): number {
    return this.full + this.count;
  }

  add(packed: Uint8Array, base: SieveBase): void {
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    for (let at = 0; at < packed.length; at += 2 + view.getUint16(at, true)) {
      const flagsAt = at + 2 + base.valueBytes;
      const u = Buffer.from(packed.subarray(at + 2, flagsAt)).toString('latin1');
      if (this.#seen.has(u)) {
        this.repeated += 1;
        continue;
      }
      this.#seen.add(u);
      const kind = view.getUint8(flagsAt) >> 1;
      this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
      if (kind === 0) continue;
      const first = view.getUint32(flagsAt + 1, true);
      this.#join(kind === 2 ? view.getUint32(flagsAt + 5, true) : 1, first);
    }
  }

  #join(one: number, other: number): void {
    this.#edges += 1;
    const [root, otherRoot] = [this.#root(one), this.#root(other)];
    if (root === otherRoot) return;
    this.#parents.set(root, otherRoot);
    this.#components -= 1;
  }

  #root(vertex: number): number {
    let at = vertex;
    for (let parent = this.#parents.get(at); parent !== at; parent = this.#parents.get(at)) {
      if (parent === undefined) {
        this.#parents.set(at, at);
        this.#components += 1;
        return at;
      }
      this.#parents.set(at, this.#parents.get(parent) ?? parent);
      at = parent;
    }
    return at;
  }
}

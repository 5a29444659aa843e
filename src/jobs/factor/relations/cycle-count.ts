import { withRoom } from './numbering.js';

/**
 * Counts independent cycles of a growing graph: edges + components - vertices, by union-find (Lenstra and Manasse, Factoring
 * with Two Large Primes, 1994). Vertices are numbered from 0 on; 0 is there from the beginning.
 */
export class CycleCount {
  #parents = new Uint32Array(1024);
  #vertices = 1;
  #components = 1;
  #edges = 0;

  get cycles(): number {
    return this.#edges + this.#components - this.#vertices;
  }

  /** A new vertex has the number that comes next. */
  addEdge(a: number, b: number): void {
    this.#reach(a);
    this.#reach(b);
    this.#edges += 1;
    const rootA = this.#rootOf(a);
    const rootB = this.#rootOf(b);
    if (rootA === rootB) return;
    // Older roots stay: 0 is in most edges.
    this.#parents[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
    this.#components -= 1;
  }

  #reach(vertex: number): void {
    for (; this.#vertices <= vertex; this.#vertices += 1) {
      this.#parents = withRoom(this.#parents, this.#vertices);
      this.#parents[this.#vertices] = this.#vertices;
      this.#components += 1;
    }
  }

  #rootOf(vertex: number): number {
    let root = vertex;
    for (;;) {
      const parent = this.#parents[root] ?? 0;
      if (parent === root) return root;
      // Every second vertex of the way moves up.
      const grandparent = this.#parents[parent] ?? 0;
      this.#parents[root] = grandparent;
      root = grandparent;
    }
  }
}

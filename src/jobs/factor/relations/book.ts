import type { SieveBase } from '../sieve/base.js';
import { CycleCount } from './cycle-count.js';
import { Numbering, withRoom } from './numbering.js';
import { joinBytes, RelationReader } from './packed.js';
import { usefulEdges } from './prune.js';
import type { Edges } from './prune.js';
import { SeenValues } from './seen-values.js';

/** So many more relations than primes are asked for; small systems are solved with fewer. */
const MARGIN = { small: 32, large: 96, largeFrom: 3_000 };
/** So many more than primes are handed on when there are more: linear algebra drops the heaviest of them. */
const MOST_EXCESS = 200;

/** Relations that a sieve has at its end for each prime of its base, at least: by how many large primes they may have. */
const RELATIONS = { 1: 4, 2: 8 };

/** How far a sieve has come. */
export interface RelationCounts {
  /** Relations without large primes. */
  readonly full: number;
  /** With one. */
  readonly partial: number;
  /** With two. */
  readonly doublePartial: number;
  /** Independent products of relations in which every large prime is a square: each is worth a full relation. */
  readonly cycles: number;
  /** The sieve is done when full + cycles are so many. */
  readonly needed: number;
}

/**
 * The relations that a job has collected, each once: their packed bytes and about 60 bytes more for each. Large primes are
 * the vertices of a graph, 1 is a vertex too, and a relation with large primes is an edge; independent cycles are counted as
 * relations come. What comes in has been looked at by `checkRelations`.
 */
export class RelationBook {
  readonly #base: SieveBase;
  #needed: number;
  readonly #seen: SeenValues;
  /** Packed relations, in the order in which they came. */
  readonly #batches: Uint8Array[] = [];
  #size = 0;
  readonly #vertices: Numbering;
  readonly #cycles = new CycleCount();
  /** The vertices of each relation's large primes. */
  #left = new Uint32Array(1024);
  #right = new Uint32Array(1024);
  #byLargePrimes: [number, number, number] = [0, 0, 0];

  constructor(base: SieveBase) {
    this.#base = base;
    const count = base.primes.length;
    const expected = RELATIONS[base.parameters.largePrimes] * count;
    this.#seen = new SeenValues(expected);
    this.#vertices = new Numbering(expected);
    this.#needed = count + (count < MARGIN.largeFrom ? MARGIN.small : MARGIN.large);
    // 1 is vertex 0.
    this.#vertices.numberOf(1);
  }

  /** Takes up packed relations; those of which the |u| was there before are dropped. */
  add(packed: Uint8Array): { added: number; duplicates: number } {
    const reader = new RelationReader(this.#base, packed);
    const before = this.#size;
    let duplicates = 0;
    // What is new is kept in runs, which end where one is dropped.
    let runStart = 0;
    while (reader.nextHead()) {
      if (this.#seen.add(reader.lowestWord, reader.secondWord)) {
        this.#count(reader);
        continue;
      }
      duplicates += 1;
      this.#keep(packed, runStart, reader.start);
      runStart = reader.end;
    }
    this.#keep(packed, runStart, packed.length);
    return { added: this.#size - before, duplicates };
  }

  /** A copy: the bytes may be a part of a message that is larger. */
  #keep(packed: Uint8Array, start: number, end: number): void {
    if (start < end) this.#batches.push(new Uint8Array(packed.subarray(start, end)));
  }

  #count({ largeCount, large0, large1 }: RelationReader): void {
    const place = this.#size;
    this.#size += 1;
    this.#byLargePrimes[largeCount as 0 | 1 | 2] += 1;
    const left = this.#vertices.numberOf(large0);
    const right = this.#vertices.numberOf(large1);
    this.#left = withRoom(this.#left, place);
    this.#right = withRoom(this.#right, place);
    this.#left[place] = left;
    this.#right[place] = right;
    if (largeCount > 0) this.#cycles.addEdge(left, right);
  }

  get counts(): RelationCounts {
    const [full, partial, doublePartial] = this.#byLargePrimes;
    return { full, partial, doublePartial, cycles: this.#cycles.cycles, needed: this.#needed };
  }

  get isEnough(): boolean {
    return this.#byLargePrimes[0] + this.#cycles.cycles >= this.#needed;
  }

  /** Those that were enough gave no divisor: so many more are needed than there are now. */
  wantMore(count: number): void {
    this.#needed = this.#byLargePrimes[0] + this.#cycles.cycles + count;
  }

  /**
   * The packed relations that linear algebra needs, in the order in which they came: without those whose large primes no
   * other one has, and when there are too many, without the longest cycles. The book keeps all.
   */
  take(): Uint8Array {
    const most = this.#base.primes.length + 1 + MOST_EXCESS;
    const isKept = usefulEdges(this.#edges, most);
    const parts: Uint8Array[] = [];
    let place = 0;
    for (const batch of this.#batches) {
      const reader = new RelationReader(this.#base, batch);
      for (; reader.nextHead(); place += 1) {
        if (isKept[place] === 1) parts.push(batch.subarray(reader.start, reader.end));
      }
    }
    return joinBytes(parts);
  }

  /** A full relation is an edge from 0 to 0: a cycle by itself, and the shortest. */
  get #edges(): Edges {
    const [count, vertices] = [this.#size, this.#vertices.size];
    return { count, vertices, left: this.#left, right: this.#right };
  }
}

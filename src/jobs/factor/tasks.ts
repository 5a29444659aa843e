/** One task on a worker: a way to look for a divisor of one composite number, or a part of one. */
export type FactorTask =
  /** All that it takes to split a number that is small enough for it. */
  | { readonly method: 'split'; readonly n: bigint }
  | { readonly method: 'rho'; readonly n: bigint; readonly maxSteps: number }
  | MinusOneTask
  | CurvesTask
  | SieveTask
  | MatrixTask
  | RootTask;

export interface MinusOneTask {
  readonly method: 'p-1';
  readonly n: bigint;
  readonly b1: number;
  readonly b2: number;
}

export interface CurvesTask {
  readonly method: 'ecm';
  readonly n: bigint;
  readonly b1: number;
  readonly b2: number;
  /** The number of its first curve, of which sigma is made, and how many there are. */
  readonly first: number;
  readonly curves: number;
}

/** The quadratic sieve over the polynomials of some leading coefficients. */
export interface SieveTask {
  readonly method: 'sieve';
  readonly n: bigint;
  /** The number of the first coefficient, from 0; for people. */
  readonly first: number;
  /** Each the ascending places of its primes in the factor base. */
  readonly coefficients: readonly (readonly number[])[];
}

/** The linear algebra: which relations multiply to a square. */
export interface MatrixTask {
  readonly method: 'matrix';
  readonly n: bigint;
  /** How often the relations were enough before this, and no divisor came of them. */
  readonly round: number;
  /** Packed: see relations/packed.ts. */
  readonly relations: Uint8Array;
}

/** The square root of one product of relations. */
export interface RootTask {
  readonly method: 'root';
  readonly n: bigint;
  readonly round: number;
  /** Which of the products that the matrix gave. */
  readonly dependency: number;
  /** Those that are multiplied, packed. */
  readonly relations: Uint8Array;
}

export type FactorAnswer =
  | {
      /** A proper divisor of the number, or null. */
      readonly divisor: bigint | null;
      /** Of the curve that found it. */
      readonly sigma?: bigint;
    }
  /** Of a sieve task: packed relations. */
  | { readonly relations: Uint8Array }
  /** Of a matrix task: for each product the ascending numbers of its relations. */
  | { readonly dependencies: readonly Uint32Array[] };

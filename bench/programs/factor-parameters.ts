/**
 * What a sieve takes with other parameters than those of the table, from a sample, where a whole sieve takes hours:
 *
 *     npx tsx bench/programs/factor-parameters.ts DIGITS SECONDS [NAME=VALUE[,NAME=VALUE…] …] [--whole]
 *
 * Each further word is a set of parameters that differ from the table's; without any, the table's are measured. The sample
 * gives relations a CPU second, and the large primes that they have. How many are needed comes of drawing more of the same
 * kind until full ones and cycles exceed the base: a drawn relation has the large primes of one of the sample, each moved
 * at random by up to a tenth, and named by its place among the primes of the base's kind that are so large. With --whole
 * the sieve goes on to its end, and both are printed.
 */
import { RelationBook } from '#dsage/jobs/factor/relations/book.js';
import { CycleCount } from '#dsage/jobs/factor/relations/cycle-count.js';
import { Numbering } from '#dsage/jobs/factor/relations/numbering.js';
import { RelationReader } from '#dsage/jobs/factor/relations/packed.js';
import { Siever } from '#dsage/jobs/factor/kernel/siever.js';
import { sieveBase } from '#dsage/jobs/factor/sieve/base.js';
import type { SieveBase } from '#dsage/jobs/factor/sieve/base.js';
import { sieveParameters } from '#dsage/jobs/factor/sieve/parameters.js';
import type { SieveParameters } from '#dsage/jobs/factor/sieve/parameters.js';
import { Polynomials } from '#dsage/jobs/factor/sieve/polynomials.js';
import { Random } from '../../test/support/random.js';
import { semiprime } from '../support/semiprime.js';

/** A large prime is moved by up to this much of its logarithm's unit. */
const MOVE = 0.1;
/** What follows the sieve: matrix and square root, in seconds by the size of the base. */
const afterwards = (size: number) => 1.5e-9 * size ** 2 + 1e-5 * size;

interface Sample {
  readonly seconds: number;
  /** Large primes, by relation: 1 where there is none. */
  readonly large: readonly (readonly [number, number])[];
}

main();

function main(): void {
  const isWhole = process.argv.includes('--whole');
  const [digits = '80', seconds = '20', ...words] = process.argv
    .slice(2)
    .filter((word) => word !== '--whole');
  const n = semiprime(Number(digits));
  const table = sieveParameters(n.toString(2).length);
  const print = (line: string) => process.stdout.write(`${line}\n`);
  print(`${digits} digits, ${n.toString(2).length} bits; the table has ${JSON.stringify(table)}`);
  for (const word of words.length > 0 ? words : ['']) {
    const base = sieveBase(n, { ...table, ...changes(word) });
    const sample = take(base, (_, usedMs) => usedMs > 1_000 * Number(seconds));
    const { relations, full } = needed(base, sample.large);
    const sieveSeconds = (relations / sample.large.length) * sample.seconds;
    const cost = sieveSeconds + afterwards(base.primes.length);
    print(
      `${(word === '' ? 'as it is' : word).padEnd(40)} ${cost.toFixed(1).padStart(8)} s = sieve ${sieveSeconds.toFixed(1)} + ` +
        `${afterwards(base.primes.length).toFixed(1)}; ${relations} relations, of them ${full} full, for ${base.primes.length} ` +
        `primes; ${(sample.large.length / sample.seconds).toFixed(0)}/s`,
    );
    if (isWhole) print(whole(base));
  }
}

function changes(word: string): Partial<SieveParameters> {
  const pairs = word.split(',').filter((pair) => pair !== '');
  const values = pairs
    .map((pair) => pair.split('='))
    .map(([name = '', value]) => [name, Number(value)] as const);
  const wrong = values.find(([name, value]) => !(name in sieveParameters(200)) || !(value > 0));
  if (wrong !== undefined) throw new Error(`${wrong.join('=')} is no parameter with a value`);
  return Object.fromEntries(values);
}

/** What the sieve really takes. */
function whole(base: SieveBase): string {
  const book = new RelationBook(base);
  const { seconds, large } = take(base, (packed) => {
    book.add(packed);
    return book.isEnough;
  });
  return `${'in fact'.padEnd(40)} sieve ${seconds.toFixed(1)}; ${large.length} relations, of them ${book.counts.full} full`;
}

/** Sieves one leading coefficient after the other, until its relations, or the CPU time in milliseconds, are enough. */
function take(base: SieveBase, isEnough: (packed: Uint8Array, usedMs: number) => boolean): Sample {
  const [siever, polynomials] = [new Siever(base), new Polynomials(base)];
  const large: [number, number][] = [];
  for (let usedMs = 0; ;) {
    const a = polynomials.next();
    const before = process.cpuUsage();
    const packed = siever.sieve(a);
    const { user, system } = process.cpuUsage(before);
    usedMs += (user + system) / 1_000;
    const reader = new RelationReader(base, packed);
    while (reader.nextHead()) large.push([reader.large0, reader.large1]);
    if (isEnough(packed, usedMs)) return { seconds: usedMs / 1_000, large };
  }
}

/** How many relations of this kind a base needs, and how many of them are full. */
function needed(base: SieveBase, large: Sample['large']): { relations: number; full: number } {
  const random = new Random(1);
  const vertices = new Numbering();
  const cycles = new CycleCount();
  const vertexOf = (prime: number) => {
    if (prime === 1) return vertices.numberOf(0);
    const moved = prime * Math.exp(MOVE * (2 * random.next() - 1));
    // One in ln p numbers is prime, and kn is a square modulo half of them.
    return vertices.numberOf(1 + Math.floor(moved / (2 * Math.log(moved))));
  };
  let [relations, full] = [0, 0];
  for (; full + cycles.cycles <= base.primes.length; relations += 1) {
    const [one, other] = large[Math.floor(random.next() * large.length)] ?? [1, 1];
    if (other === 1) full += 1;
    else cycles.addEdge(vertexOf(one), vertexOf(other));
  }
  return { relations, full };
}

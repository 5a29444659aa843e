import { expect } from 'chai';

import { loadSieveKernel } from '#dsage/jobs/factor/kernel/sieve-wasm.js';
import { Siever } from '#dsage/jobs/factor/kernel/siever.js';
import { thresholds } from '#dsage/jobs/factor/kernel/thresholds.js';
import { sieveBase } from '#dsage/jobs/factor/sieve/base.js';
import type { SieveBase } from '#dsage/jobs/factor/sieve/base.js';
import { Polynomials } from '#dsage/jobs/factor/sieve/polynomials.js';
import { sieveShape } from '#dsage/jobs/factor/sieve/shape.js';
import { primeFrom, productOf, rootsModulo, semiprime, unpack } from './support.js';

/** Multiples of `n` by primes are tried until the sieve takes the form that is asked for. */
function baseOfForm(digits: number, form: 1 | 2): SieveBase {
  for (let p = primeFrom(semiprime(digits / 2)); ; p = primeFrom(p + 2n)) {
    const base = sieveBase(p * primeFrom(10n ** BigInt(digits / 2 - 1)));
    if (sieveShape(base).form === form) return base;
  }
}

describe('the siever', () => {
  for (const digits of [30, 44, 60, 74]) {
    it(`finds relations of ${digits} digits that hold exactly`, () => {
      const base = sieveBase(semiprime(digits));
      const [siever, polynomials] = [new Siever(base), new Polynomials(base)];
      const kinds = [0, 0, 0];
      const seen = new Set<bigint>();
      for (let turn = 0; turn < 2; turn += 1) {
        siever.begin(polynomials.next());
        siever.step(64);
        for (const relation of unpack(siever.take(), base)) {
          const { u, factors, largePrimes } = relation;
          expect(productOf(relation, base)).to.equal(u * u - base.kn);
          expect(factors).to.deep.equal([...factors].sort((x, y) => x - y));
          expect(largePrimes).to.deep.equal([...largePrimes].sort((x, y) => x - y));
          for (const p of largePrimes)
            expect(p).within((base.primes.at(-1) ?? 0) + 1, base.largePrimeBound - 1);
          kinds[largePrimes.length]! += 1;
          seen.add(u);
        }
      }
      expect(kinds[0]).to.be.greaterThan(0);
      expect(kinds[1]).to.be.greaterThan(0);
      expect(kinds[2]! > 0).to.equal(base.parameters.largePrimes === 2);
      expect(seen.size).to.equal(kinds[0]! + kinds[1]! + kinds[2]!);
    });
  }

  it('gives the same for an `a` in one go, in steps, and after another', () => {
    const base = sieveBase(semiprime(50));
    const polynomials = new Polynomials(base);
    const [first, second] = [polynomials.next(), polynomials.next()];
    const whole = new Siever(base).sieve(second);
    const siever = new Siever(base);
    siever.sieve(first);
    siever.begin(second);
    const parts: Uint8Array[] = [];
    let steps = 1;
    for (; siever.step(7); steps += 1) {
      expect(siever.done).to.equal(7 * steps);
      parts.push(siever.take());
    }
    parts.push(siever.take());
    expect(steps).to.equal(Math.ceil(2 ** (second.length - 1) / 7));
    expect(Buffer.concat(parts).equals(whole)).to.be.true;
    expect(whole.length).to.be.greaterThan(1_000);
  });

  for (const form of [1, 2] as const) {
    it(`finds every smooth value that the sieved primes show, with u = ${form} a x + b`, () => {
      const base = baseOfForm(22, form);
      const { interval } = sieveShape(base);
      const a = new Polynomials(base).next();
      const found = new Set(unpack(new Siever(base).sieve(a), base).map(({ u }) => u));
      const { scale, starts, unexplained } = thresholds(base);
      const product = a.reduce((product, index) => product * (base.primes[index] ?? 0), 1);
      let [smooth, shown] = [0, 0];
      const roots = rootsModulo(
        base.kn,
        a.map((index) => base.primes[index] ?? 0),
      );
      for (const b of roots.slice(0, 2)) {
        // The kernel's b is a sum of parts: it may differ by multiples of `a`, and its interval be shifted.
        const odd = form === 2 && (b & 1n) === 0n ? b - BigInt(product) : b;
        for (let x = 64 - interval; x < interval - 64; x += 1) {
          const u = BigInt(form * product) * BigInt(x) + odd;
          const rest = Number((u * u - base.kn) / BigInt(product));
          const logs = sievedLogs(Math.abs(rest), base, a, base.parameters.smallBound);
          if (logs === undefined) continue;
          smooth += 1;
          const units = logs.distinct.reduce((sum, log) => sum + Math.round(log * scale), 0);
          if (units <= starts[0]! || Math.ceil(logs.all) * scale - units > unexplained) continue;
          shown += 1;
          expect(found.has(u < 0n ? -u : u), `u = ${u}`).to.be.true;
        }
      }
      expect(shown).to.be.greaterThan(50);
      expect(shown / smooth).to.be.greaterThan(0.8);
    });
  }

  it('lowers every position by the primes that divide its value, those in buckets too', () => {
    const base = sieveBase(semiprime(70));
    const { form, interval } = sieveShape(base);
    const { parameters } = base;
    const { starts, scale } = thresholds(base);
    const kernel = loadSieveKernel();
    const blocks: Uint8Array[] = [];
    const watched = {
      ...kernel,
      scanBlock: () => {
        blocks.push(
          new Uint8Array(kernel.memory.buffer.slice(kernel.sieveAt(), kernel.sieveAt() + (1 << 15))),
        );
        return kernel.scanBlock();
      },
    };
    const siever = new Siever(base, watched);
    const a = new Polynomials(base).next();
    siever.begin(a);
    siever.step(4);
    // The fourth polynomial: of its b only the part at place 1 has changed the sign.
    const b = readLong(kernel.memory.buffer, kernel.offsetAt(), base);
    const product = a.reduce((product, index) => product * BigInt(base.primes[index] ?? 0), 1n);
    expect((b * b - base.kn) % product).to.equal(0n);
    const last = blocks.slice(-2 * parameters.blocks);
    let inBuckets = 0;
    for (let position = 777; position < 2 * interval; position += 3_301) {
      const x = position < interval ? position : interval - 1 - position;
      const u = BigInt(form) * product * BigInt(x) + b;
      const value = (u * u - base.kn) / (product * BigInt(form * form));
      let expected = starts[(position % interval) >> 15]!;
      let rounding = 0;
      for (const [index, p] of base.primes.entries()) {
        if (p < parameters.smallBound || a.includes(index) || value % BigInt(p) !== 0n) continue;
        expected -= Math.round(Math.log2(p) * scale);
        // A run of primes with one logarithm may take along three of the next.
        if (p > 49_152) rounding += 1;
      }
      inBuckets += rounding;
      const byte = last[position >> 15]![position & 0x7fff]!;
      expect(((byte - expected + 128) & 255) - 128, `at ${x}`).to.be.within(-rounding, rounding);
    }
    expect(inBuckets).to.be.greaterThan(10);
  });

  it('keeps to its share of memory', () => {
    const base = sieveBase(semiprime(95));
    const kernel = loadSieveKernel();
    expect(new Siever(base, kernel).done).to.equal(0);
    expect(kernel.memory.buffer.byteLength).to.be.within(5e6, 100e6);
  }).timeout(10_000);
});

/**
 * Of a value that is smooth over the base: the logarithms of its distinct sieved primes, and the sum of those of all
 * but the small ones, which are known before a candidate is given up. Nothing for any other value.
 */
function sievedLogs(value: number, base: SieveBase, a: readonly number[], smallBound: number) {
  let [rest, all] = [value, Math.log2(value)];
  const distinct: number[] = [];
  for (const [index, p] of base.primes.entries()) {
    if (rest % p !== 0) continue;
    if (p >= smallBound && !a.includes(index)) distinct.push(Math.log2(p));
    for (; rest % p === 0; rest /= p) if (p < smallBound) all -= Math.log2(p);
  }
  return rest === 1 ? { distinct, all } : undefined;
}

/** A long number of the kernel, in two's complement. */
function readLong(memory: ArrayBuffer, at: number, base: SieveBase): bigint {
  const limbs = Math.ceil(base.valueBytes / 4) + 1;
  const words = [...new Uint32Array(memory, at, limbs)];
  return BigInt.asIntN(
    32 * limbs,
    words.reduceRight((sum, word) => (sum << 32n) + BigInt(word), 0n),
  );
}

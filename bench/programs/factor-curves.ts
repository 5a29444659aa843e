// How long a curve of ECM takes in the kernel, beside GMP-ECM (Debian's gmp-ecm) on the same numbers with the same
// bounds: see bench/support/curve-times.ts.
//
//     npx tsx bench/programs/factor-curves.ts [--quick]

import { curveTimes } from '../support/curve-times.js';

const DIGITS = [60, 80, 100, 150];
const BOUNDS = process.argv.includes('--quick') ? [11_000, 50_000] : [11_000, 50_000, 250_000, 1_000_000];

const shown = (ms: number) => ms.toFixed(ms < 10 ? 1 : 0).padStart(7);
const ratio = (ours: number, theirs: number) => `${(ours / theirs).toFixed(2)}x`.padStart(7);

console.log('                 |           stage 1, ms a curve           |       stage 2, ms a curve');
console.log('digits        B1 |    ours    ecm           ecm -param 1   |    ours    ecm');
for (const digits of DIGITS) {
  for (const b1 of BOUNDS) {
    const { first, second, suyama, theirSecond, batch } = curveTimes(digits, b1);
    console.log(
      `${String(digits).padStart(6)} ${b1.toLocaleString('en').padStart(9)} | ${shown(first)} ${shown(suyama)} ` +
        `${ratio(first, suyama)} ${shown(batch)} ${ratio(first, batch)} | ${shown(second)} ${shown(theirSecond)} ` +
        ratio(second, theirSecond),
    );
  }
}

/** Whether a number above 2 of 32 bits is prime: Miller and Rabin's test; these bases never fail (Jaeschke, 1993). */
export function isPrime(n: u32): bool {
  if ((n & 1) === 0) return false;
  const minusOne = n - 1;
  const twos = ctz(minusOne);
  const odd = minusOne >> twos;
  // 1 / n modulo 2^32, by Newton's iteration.
  let inverse = n;
  for (let round = 0; round < 4; round++) inverse *= 2 - n * inverse;
  const one = <u32>((<u64>1 << 32) % n);
  return (
    passes(n, inverse, one, 2, odd, twos) &&
    passes(n, inverse, one, 7, odd, twos) &&
    passes(n, inverse, one, 61, odd, twos)
  );
}

function passes(n: u32, inverse: u32, one: u32, base: u32, odd: u32, twos: u32): bool {
  if (base % n === 0) return true;
  const minusOne = n - one;
  const start = <u32>((<u64>(base % n) << 32) % n);
  // From the bit below the highest of `odd` down.
  let power = start;
  for (let bit = 30 - <i32>clz(odd); bit >= 0; bit--) {
    power = product(power, power, n, inverse);
    if ((odd >> bit) & 1) power = product(power, start, n, inverse);
  }
  if (power === one || power === minusOne) return true;
  for (let round: u32 = 1; round < twos; round++) {
    power = product(power, power, n, inverse);
    if (power === minusOne) return true;
  }
  return false;
}

/** Montgomery's product a b / 2^32 modulo n: the lower halves of both terms are equal, the upper are subtracted. */
function product(a: u32, b: u32, n: u32, inverse: u32): u32 {
  const whole = <u64>a * b;
  const multiple = <u64>(<u32>whole * inverse) * n;
  const upper = <u32>(whole >> 32);
  const taken = <u32>(multiple >> 32);
  return upper >= taken ? upper - taken : upper - taken + n;
}

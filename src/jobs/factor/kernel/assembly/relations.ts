// Checks packed relations exactly: u^2 - kn = (-1)^sign * product(factors) * product(large primes). Numbers are arrays
// of limbs of 32 bits, the lowest first; products of two limbs with carries fit into 64 bits.

/** Nothing here is that long: kn of 2,000 bits. */
const MOST_LIMBS: u32 = 192;

const uAt = memory.data(MOST_LIMBS * 4, 16);
const squareAt = memory.data(MOST_LIMBS * 4, 16);
const productAt = memory.data(MOST_LIMBS * 4, 16);
const knAt = memory.data(MOST_LIMBS * 4, 16);

let primesAt: usize = 0;
let primeCount: u32 = 0;
let inputAt: usize = 0;
let valueBytes: u32 = 0;
let limbs: u32 = 0;
let bound: u64 = 0;
let mostLarge: u32 = 0;

/**
 * Makes room for a base; returns where its primes are to be written (u32 each). `values` is the length of |u| in bytes,
 * `knLimbs` the length of kn, `largeBound` is above all large primes, of which a relation may have `large`.
 * Returns 0 for numbers that are too long.
 */
export function setUp(primes: u32, values: u32, knLimbs: u32, largeBound: f64, large: u32): usize {
  primeCount = primes;
  valueBytes = values;
  limbs = max(2 * ((values + 3) / 4), knLimbs) + 1;
  bound = <u64>largeBound;
  mostLarge = large;
  primesAt = (__heap_base + 15) & ~15;
  inputAt = primesAt + <usize>primes * 4;
  return limbs < MOST_LIMBS && ensure(inputAt) ? primesAt : 0;
}

/** Where kn is to be written, in limbs. */
export function numberAt(): usize {
  return knAt;
}

/** Where packed relations are to be written, `bytes` of them; 0 when memory is short. */
export function room(bytes: u32): usize {
  // A relation is read some bytes beyond its end before it is seen to be too short.
  return ensure(inputAt + bytes + 2048) ? inputAt : 0;
}

/** How many relations the `bytes` written are, or -1 when any of them is wrong. */
export function count(bytes: u32): i32 {
  const end = inputAt + bytes;
  let relations = 0;
  let at = inputAt;
  while (at < end) {
    if (end - at < 2) return -1;
    const length = <usize>load<u16>(at);
    at += 2;
    if (length > end - at || !check(at, at + length)) return -1;
    at += length;
    relations += 1;
  }
  return relations;
}

/** Reads one relation and compares both sides. All that is read is checked against `end` and the base first. */
function check(start: usize, end: usize): bool {
  if (end - start < valueBytes + 2) return false;
  const uLimbs = readValue(start);
  if (uLimbs === 0) return false;
  let at = start + valueBytes;
  const flags = load<u8>(at++);
  const large = <u32>(flags >> 1);
  if (large > mostLarge || end - at < large * 4 + 1) return false;
  let productLimbs: u32 = 1;
  store<u32>(productAt, 1);
  let before: u64 = load<u32>(primesAt + (<usize>primeCount - 1) * 4) + 1;
  for (let i: u32 = 0; i < large; i++) {
    const prime = load<u32>(at);
    at += 4;
    if (prime < before || prime >= bound) return false;
    before = prime;
    productLimbs = multiply(productLimbs, prime);
    if (productLimbs > limbs) return false;
  }
  let factors = <u32>load<u8>(at++);
  let index: u64 = 0;
  // As many primes as fit into one limb are multiplied before the long product is touched.
  let chunk: u64 = 1;
  for (; factors > 0; factors--) {
    let step: u64 = 0;
    let shift: u64 = 0;
    let byte: u64;
    do {
      if (at >= end || shift > 28) return false;
      byte = load<u8>(at++);
      step |= (byte & 127) << shift;
      shift += 7;
    } while (byte > 127);
    // One number has one form: no zeros in front of it.
    if (byte === 0 && shift > 7) return false;
    index += step;
    if (index >= primeCount) return false;
    const prime = <u64>load<u32>(primesAt + <usize>index * 4);
    if ((chunk * prime) >> 32 !== 0) {
      productLimbs = multiply(productLimbs, <u32>chunk);
      if (productLimbs > limbs) return false;
      chunk = prime;
    } else {
      chunk *= prime;
    }
  }
  if (at !== end) return false;
  productLimbs = multiply(productLimbs, <u32>chunk);
  if (productLimbs > limbs) return false;
  square(uLimbs);
  const isNegative = subtractKn();
  return isNegative === ((flags & 1) !== 0) && isProduct(productLimbs);
}

/** Takes |u| into limbs; returns how many it has. */
function readValue(start: usize): u32 {
  const whole = (valueBytes + 3) / 4;
  store<u32>(uAt + (<usize>whole - 1) * 4, 0);
  memory.copy(uAt, start, valueBytes);
  let length = whole;
  while (length > 0 && load<u32>(uAt + (<usize>length - 1) * 4) === 0) length--;
  return length;
}

/** The product so far, of `length` limbs, times a limb; returns its new length. */
function multiply(length: u32, by: u32): u32 {
  let carry: u64 = 0;
  let at = productAt;
  const end = productAt + <usize>length * 4;
  for (; at < end; at += 4) {
    const sum = <u64>load<u32>(at) * by + carry;
    store<u32>(at, <u32>sum);
    carry = sum >> 32;
  }
  if (carry === 0) return length;
  store<u32>(at, <u32>carry);
  return length + 1;
}

/** u^2 in all limbs. */
function square(length: u32): void {
  memory.fill(squareAt, 0, <usize>limbs * 4);
  for (let i: u32 = 0; i < length; i++) {
    const a = <u64>load<u32>(uAt + <usize>i * 4);
    let carry: u64 = 0;
    let at = squareAt + <usize>i * 4;
    for (let j: u32 = 0; j < length; j++) {
      const sum = a * load<u32>(uAt + <usize>j * 4) + load<u32>(at) + carry;
      store<u32>(at, <u32>sum);
      carry = sum >> 32;
      at += 4;
    }
    store<u32>(at, <u32>carry);
  }
}

/** |u^2 - kn| in place of u^2; returns whether kn is the greater. */
function subtractKn(): bool {
  let i = limbs;
  while (i > 0 && load<u32>(squareAt + <usize>(i - 1) * 4) === load<u32>(knAt + <usize>(i - 1) * 4)) i--;
  const isNegative = i > 0 && load<u32>(squareAt + <usize>(i - 1) * 4) < load<u32>(knAt + <usize>(i - 1) * 4);
  const more = isNegative ? knAt : squareAt;
  const less = isNegative ? squareAt : knAt;
  let borrow: i64 = 0;
  for (let place: usize = 0; place < <usize>limbs * 4; place += 4) {
    const difference = <i64>load<u32>(more + place) - <i64>load<u32>(less + place) + borrow;
    store<u32>(squareAt + place, <u32>difference);
    borrow = difference >> 63;
  }
  return isNegative;
}

/** Whether the product is what `subtractKn` left. */
function isProduct(length: u32): bool {
  for (let place: u32 = 0; place < limbs; place++) {
    const limb = place < length ? load<u32>(productAt + <usize>place * 4) : 0;
    if (load<u32>(squareAt + <usize>place * 4) !== limb) return false;
  }
  return true;
}

function ensure(end: usize): bool {
  const pages = <i32>((end + 0xffff) >>> 16);
  const more = pages - memory.size();
  return more <= 0 || memory.grow(more) !== -1;
}

/** The Jacobi symbol (a/n) by reciprocity, for 0 <= a < 2^31 and an odd n < 2^31: for a prime n, 1 says that a is a square. */
export function jacobi(a: number, n: number): -1 | 0 | 1 {
  let [top, bottom, isPositive] = [a % n, n, true];
  while (top > 1) {
    const twos = 31 - Math.clz32(top & -top);
    top >>>= twos;
    const rest = bottom & 7;
    if ((twos & 1) === 1 && (rest === 3 || rest === 5)) isPositive = !isPositive;
    if ((top & bottom & 3) === 3) isPositive = !isPositive;
    const next = bottom % top;
    bottom = top;
    top = next;
  }
  if (top === 0 && bottom > 1) return 0;
  return isPositive ? 1 : -1;
}

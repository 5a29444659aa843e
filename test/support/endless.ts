/** The numbers from 0 on, without an end: says how many were read, and whether the reader has closed them. */
export class Endless implements Iterable<number> {
  read = 0;
  isClosed = false;

  *[Symbol.iterator](): Generator<number, void, void> {
    try {
      while (true) yield this.read++;
    } finally {
      this.isClosed = true;
    }
  }
}

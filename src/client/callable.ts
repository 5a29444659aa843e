/**
 * Base of a class whose instances can be called: `new` gives a function with the class's methods, and a call
 * goes to `onCall`.
 */
export abstract class Callable {
  constructor() {
    const self = (...args: readonly unknown[]): unknown => (self as unknown as Callable).onCall(args);
    // What the base constructor returns becomes `this` of the classes below it.
    return Object.setPrototypeOf(self, new.target.prototype) as this;
  }

  protected abstract onCall(args: readonly unknown[]): unknown;
}

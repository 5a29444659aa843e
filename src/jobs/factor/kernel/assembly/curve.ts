// The kernel of ECM: see ./curve/layout for its memory, ./curve/rows for its arithmetic. The host is ../curve.ts.

export { chooseChains, multiplyByPrimes } from './curve/chains';
export { products, squares } from './curve/pair';
export { setSequence } from './curve/points';
export { product } from './curve/product';
export { setWidth } from './curve/rows';
export { accumulate, collect, divideDown, ladder, multiplyUp, progress } from './curve/stage-two';

// The kernel of ECM: see ./curve/layout for its memory, ./curve/product for its arithmetic. The host is ../curve.ts.

export { chooseChains, multiplyByPrimes } from './curve/chains';
export { setSequence } from './curve/points';
export { product, products, setWidth, squares } from './curve/product';
export { accumulate, collect, divideDown, ladder, multiplyUp, progress } from './curve/stage-two';

// Everything the WASM binaries export.
export { absmaxRows, minmaxRows } from '../extremes/assembly';
export { histogram } from '../histogram/assembly';
export { quantizeRows, dequantizeRows } from '../quantize/assembly';
export { finiteAbsmax, mseSegment, mseRows } from '../mse-scale/assembly';
export { packInt4, unpackInt4 } from '../int4/assembly';
export { toHalf, fromHalf } from '../half/assembly';
export { countKeys, countKeysWithPrefix, thresholdMask } from '../magnitude/assembly';
export { nmMask } from '../nm-mask/assembly';
export { packMask, applyMask, initCompress, compress } from '../bitmask/assembly';
export { errorSums } from '../error-sums/assembly';
export { packRows } from './tile';
export { packPanels, gramStripe } from '../gram/assembly';
export { factorColumns, updateColumns, packBlock, invertRows } from '../inverse-cholesky/assembly';
export { gptqColumns } from '../gptq/assembly';
export { openDescent, addProducts, descendColumns, closeDescent } from '../descend/assembly';

/** First byte after the constants: the caller may use everything from here on. */
export function heapBase(): usize {
  return __heap_base;
}

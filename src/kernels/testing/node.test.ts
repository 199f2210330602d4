/** Conformance in Node: reference and WASM; relaxed SIMD where this Node has it (22 and later). */
import { createReferenceKernels } from '../reference-backend.ts';
import { createWasmKernels } from '../wasm-backend.ts';
import { supportsFlavour } from '../wasm-module.ts';
import { declareSuite } from './run-suite.ts';

declareSuite(
  [
    { label: 'reference', make: createReferenceKernels },
    { label: 'wasm', make: () => createWasmKernels('simd') },
    {
      label: 'wasm-relaxed',
      make: () => createWasmKernels('relaxed-simd'),
      ...(supportsFlavour('relaxed-simd') ? {} : { missing: 'this Node has no relaxed SIMD' }),
    },
  ],
  ['reference', 'wasm'],
);

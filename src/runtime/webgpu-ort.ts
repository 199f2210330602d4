/**
 * The `webgpu` bundle of onnxruntime-web with its glue inside, so that a worker built from it is one file. Import it only
 * from the worker that is made for it; never two bundles in one worker.
 */
import * as ort from 'onnxruntime-web/webgpu';
import type { Ort } from './ort.ts';

export const webgpuOrt: Ort = ort;

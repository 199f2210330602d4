/** The GraphRunner of the command line and of tests: onnxruntime-web in Node, one thread. It must not be reached by the page. */
import type { GraphRunner } from '../core/onnx/graph-runner.ts';
import { createGraphRunner } from './graph-runner.ts';
import { loadNodeRuntime } from './node-ort.ts';

/** Loads the runtime on the first run. */
export function createNodeRunner(): GraphRunner {
  return createGraphRunner(async () => (await loadNodeRuntime()).ort);
}

/** One measured process of bench/big-model.ts: opens a model, changes one tensor, saves it. Not run by hand. */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { FdSource } from '../../src/cli/fd-source.ts';
import { slicesOf } from '../../src/core/bytes/spans.ts';
import { floatTensor } from '../../src/core/onnx/build.ts';
import { openDraft } from '../../src/core/onnx/draft.ts';
import { readModel } from '../../src/core/onnx/read.ts';
import { assertValid } from '../../src/core/onnx/verify.ts';
import { writeModel } from '../../src/core/onnx/write.ts';

const [who, input, output] = process.argv.slice(2);
const changed = new Float32Array(1024).fill(0.5);
const start = performance.now();
let opened: number;
let encoded: number;

if (who === 'pare') {
  const source = new FdSource(input);
  const model = readModel(source);
  assertValid(model);
  opened = performance.now();
  const draft = openDraft(model);
  draft.main.setInitializer(floatTensor('w0', [1024], changed));
  const parts = writeModel(draft.finish(), { externalize: 'never' }).model;
  encoded = performance.now();
  const fd = openSync(output, 'w');
  for (const slice of slicesOf(parts)) writeSync(fd, slice);
  closeSync(fd);
  source.dispose();
} else if (who === 'idle') {
  // What a process with the same modules takes.
  opened = encoded = start;
} else {
  const model = fromBinary(ModelProtoSchema, new Uint8Array(readFileSync(input)));
  opened = performance.now();
  const tensor = model.graph?.initializer.find((t) => t.name === 'w0');
  if (tensor === undefined) throw new Error('no w0');
  tensor.dims = [1024n];
  tensor.floatData = [];
  tensor.rawData = new Uint8Array(changed.buffer);
  const bytes = toBinary(ModelProtoSchema, model);
  encoded = performance.now();
  writeFileSync(output, bytes);
}
const saved = performance.now();
process.send?.({
  openMillis: opened - start,
  encodeMillis: encoded - opened,
  writeMillis: saved - encoded,
  totalMillis: saved - start,
  // Kibibytes since the process began.
  peakBytes: process.resourceUsage().maxRSS * 1024,
});
process.disconnect();

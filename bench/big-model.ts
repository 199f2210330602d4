/**
 * Opens a synthetic model of 500 MB from disk, changes one tensor, saves it: this project against @bufbuild/protobuf,
 * each run in a process of its own, alternating, medians of three. Peak memory is that of the whole process; an idle one with
 * the same modules is subtracted in the last column. `npx tsx bench/big-model.ts [megabytes]`.
 * Weights as raw bytes, and a tenth of the size as packed floats, which other readers turn into numbers.
 */
import { fork } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FdSource } from '../src/cli/fd-source.ts';
import { slicesOf, spanOf } from '../src/core/bytes/spans.ts';
import { floatTensor, graph, model, node, valueInfo } from '../src/core/onnx/build.ts';
import type { Model, Tensor } from '../src/core/onnx/ir.ts';
import { readModel } from '../src/core/onnx/read.ts';
import { tensorFloats } from '../src/core/onnx/tensor-data.ts';
import { PartSink } from '../src/core/onnx/wire-write.ts';
import { reencodeModel } from '../src/core/onnx/write.ts';

const MEGABYTES = Number(process.argv[2] ?? 500);
const RUNS = 3;
const TENSOR_BYTES = 4_000_000;
const CHILD = fileURLToPath(new URL('support/big-model-child.ts', import.meta.url));

interface Measured {
  readonly openMillis: number;
  readonly encodeMillis: number;
  readonly writeMillis: number;
  readonly totalMillis: number;
  readonly peakBytes: number;
}

function synthetic(megabytes: number, storage: 'raw' | 'packed'): Model {
  const values = Float32Array.from({ length: TENSOR_BYTES / 4 }, (_, i) => Math.sin(i) / 16);
  const count = Math.round((megabytes * 1e6) / TENSOR_BYTES);
  const initializers = Array.from({ length: count }, (_, i): Tensor => {
    const raw = floatTensor(`w${i}`, [1000, values.length / 1000], values);
    if (storage === 'raw') return raw;
    const sink = new PartSink();
    sink.bytes(4, new Uint8Array(values.buffer));
    return {
      ...raw,
      data: {
        kind: 'typed',
        field: 'float_data',
        fields: sink.finish().map((p) => ('source' in p ? p : spanOf(p))),
      },
    };
  });
  const nodes = initializers.map((t, i) => node('Add', [i === 0 ? 'x' : `v${i - 1}`, t.name], [`v${i}`]));
  return model(
    graph({
      nodes,
      initializers,
      inputs: [valueInfo('x', 'float32', [1])],
      outputs: [valueInfo(`v${count - 1}`, 'float32')],
    }),
  );
}

function save(made: Model, path: string): void {
  const fd = openSync(path, 'w');
  for (const slice of slicesOf(reencodeModel(made))) writeSync(fd, slice);
  closeSync(fd);
}

function measure(who: string, input: string, output: string): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, [who, input, output], {
      execArgv: ['--import', 'tsx', '--max-old-space-size=4096'],
    });
    child.on('message', (message: Measured) => resolve(message));
    child.on('exit', (code) => reject(new Error(`${who} ended with ${String(code)}`)));
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const ms = (millis: number): string => `${millis.toFixed(millis < 10 ? 1 : 0)} ms`;
const columns = (...cells: string[]): string =>
  cells.map((c, i) => (i === 0 ? c.padEnd(20) : c.padStart(12))).join('');

async function compare(megabytes: number, storage: 'raw' | 'packed', folder: string): Promise<void> {
  const input = join(folder, 'in.onnx');
  const output = join(folder, 'out.onnx');
  save(synthetic(megabytes, storage), input);
  console.log(
    `\n${mb(statSync(input).size)}, weights as ${storage === 'raw' ? 'raw bytes' : 'packed floats'}`,
  );
  console.log(columns('', 'open', 'encode', 'write', 'total', 'peak', 'over idle'));
  const idle = (await measure('idle', input, output)).peakBytes;
  const peers = ['pare', '@bufbuild/protobuf'];
  const runs = new Map<string, Measured[]>(peers.map((p) => [p, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const who of peers) {
      runs.get(who)?.push(await measure(who, input, output));
      const out = new FdSource(output);
      const w0 = readModel(out).graph.initializers.find((t) => t.name === 'w0');
      if (w0 === undefined || tensorFloats(w0)[1023] !== 0.5) throw new Error(`${who} saved something else`);
      out.dispose();
    }
  }
  const of = (who: string, key: keyof Measured): number => median((runs.get(who) ?? []).map((m) => m[key]));
  for (const who of peers) {
    const times = (['openMillis', 'encodeMillis', 'writeMillis', 'totalMillis'] as const).map((key) =>
      ms(of(who, key)),
    );
    console.log(columns(who, ...times, mb(of(who, 'peakBytes')), mb(of(who, 'peakBytes') - idle)));
  }
  const ratio = (key: keyof Measured): string => `${(of(peers[1], key) / of(peers[0], key)).toFixed(1)}×`;
  console.log(
    columns(
      'ratio',
      ratio('openMillis'),
      ratio('encodeMillis'),
      ratio('writeMillis'),
      ratio('totalMillis'),
      ratio('peakBytes'),
    ),
  );
}

const folder = mkdtempSync(join(tmpdir(), 'pare-big-'));
try {
  await compare(MEGABYTES, 'raw', folder);
  await compare(MEGABYTES / 10, 'packed', folder);
} finally {
  rmSync(folder, { recursive: true });
}

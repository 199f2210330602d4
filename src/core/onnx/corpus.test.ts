/**
 * Every model of the shared corpus: saved byte for byte, or refused with a code; and read as another protobuf
 * implementation reads it, after every message was encoded anew from its fields.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { concatParts, MemorySource } from '../bytes/spans.ts';
import { PareError } from '../errors.ts';
import { firstDifference, oracleRead } from '../testing/oracle.ts';
import { filesBelow, sharedDir } from '../testing/shared.ts';
import { openDraft } from './draft.ts';
import type { Model } from './ir.ts';
import { readModel } from './read.ts';
import { assertValid } from './verify.ts';
import { forEachTensor } from './walk.ts';
import { reencodeModel, sizeOf, writeModel } from './write.ts';

const shared = sharedDir();
const files = shared === undefined ? [] : filesBelow(shared, '.onnx');

/** A whole file gets so long before it counts as a hang; ordinary ones take a few milliseconds. */
const HANG_MILLIS = 5_000;

const read = (path: string): Uint8Array => new Uint8Array(readFileSync(path));

/** The data files that lie beside a model. */
function filesBeside(path: string, model: Model): Map<string, MemorySource> {
  const found = new Map<string, MemorySource>();
  forEachTensor(model, ({ data }) => {
    if (data.kind !== 'external') return;
    const beside = join(dirname(path), data.location);
    if (existsSync(beside)) found.set(data.location, new MemorySource(read(beside)));
  });
  return found;
}

type Outcome = 'saved byte-identical' | `refused: ${string}`;

function openAndSave(path: string, bytes: Uint8Array): Outcome {
  try {
    const source = new MemorySource(bytes);
    const beside = filesBeside(path, readModel(source, { missingExternal: 'allow' }));
    const model = readModel(source, { files: beside });
    assertValid(model);
    const saved = writeModel(openDraft(model).finish());
    expect(Buffer.compare(concatParts(saved.model), bytes), path).toBe(0);
    return 'saved byte-identical';
  } catch (error) {
    if (!(error instanceof PareError)) throw error;
    expect(error.code, path).not.toBe('internal');
    expect(error.message.length, path).toBeGreaterThan(20);
    return `refused: ${error.code}`;
  }
}

describe('the shared corpus', () => {
  if (shared === undefined) {
    console.log('skipped: there is no folder "shared" beside the project, so no corpus to read');
    it.skip('needs the folder "shared" beside the project', () => undefined);
    return;
  }

  it('is saved byte for byte or refused with a code, never slowly', () => {
    const counts = new Map<string, number>();
    for (const path of files) {
      const bytes = read(path);
      const start = performance.now();
      const outcome = openAndSave(path, bytes);
      expect(performance.now() - start, `${relative(shared, path)} hangs`).toBeLessThan(HANG_MILLIS);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
    console.table(Object.fromEntries([...counts].sort((a, b) => b[1] - a[1])));
    expect(counts.get('saved byte-identical')).toBeGreaterThan(files.length * 0.9);
  }, 120_000);

  it('gives the code that each malformed file was made for', () => {
    const expected: Record<string, string> = {
      'empty.onnx': 'empty-file',
      'ten_bytes.onnx': 'truncated',
      'truncated_25.onnx': 'truncated',
      'truncated_99.onnx': 'truncated',
      'trailing_garbage.onnx': 'malformed',
      'lfs_pointer.onnx': 'git-lfs-pointer',
      'html_404.onnx': 'html-page',
      'gzip.onnx': 'compressed',
      'tflite_renamed.onnx': 'other-format',
      'random_4k.onnx': 'not-onnx',
      'huge_len.onnx': 'truncated',
      'no_opset.onnx': 'unsupported-opset',
      'opset_999.onnx': 'unsupported-opset',
      'opset_0.onnx': 'unsupported-opset',
      'ir_version_99.onnx': 'unsupported-ir',
      'no_graph.onnx': 'invalid-graph',
      'no_nodes.onnx': 'invalid-graph',
      'no_outputs.onnx': 'invalid-graph',
      'no_inputs.onnx': 'invalid-graph',
      'missing_initializer.onnx': 'invalid-graph',
      'short_raw_data.onnx': 'invalid-graph',
      'overflow_dims.onnx': 'invalid-graph',
      'negative_dim.onnx': 'invalid-graph',
      'duplicate_output.onnx': 'invalid-graph',
      'cycle.onnx': 'invalid-graph',
      'external_missing.onnx': 'external-missing',
      'external_traversal.onnx': 'external-unsafe-path',
      'external_absolute.onnx': 'external-unsafe-path',
      'unknown_dtype.onnx': 'unknown-dtype',
    };
    const folder = join(shared, 'corpus/malformed-made');
    const found = Object.fromEntries(
      Object.keys(expected).map((name) => {
        const path = join(folder, name);
        return [name, openAndSave(path, read(path)).replace('refused: ', '')];
      }),
    );
    expect(found).toEqual(expected);
  });

  it('means the same to another implementation after every message was encoded anew', () => {
    // Written anew an attribute says its type, even where an old file left it out.
    const mayBeAdded = new Set(['onnx.AttributeProto.type']);
    // One flipped bit gives AttributeProto.tensors the wire type of a number. Protobuf keeps such a field as unknown, and
    // so does this reader; the oracle reads it as a message and runs into the fields behind it.
    const oracleIsWrong = 'bitflip_04.onnx';
    let compared = 0;
    const differences: string[] = [];
    for (const path of files) {
      if (path.endsWith(oracleIsWrong)) continue;
      const bytes = read(path);
      let model: Model;
      try {
        model = readModel(new MemorySource(bytes), { missingExternal: 'allow' });
      } catch {
        continue;
      }
      const anew = concatParts(reencodeModel(model));
      const found = firstDifference(oracleRead(bytes), oracleRead(anew), { mayBeAdded });
      if (found !== undefined) differences.push(`${relative(shared, path)}: ${found}`);
      compared++;
    }
    expect(differences).toEqual([]);
    console.log(
      `compared with the oracle after re-encoding: ${compared} models, ${differences.length} differ`,
    );
    expect(compared).toBeGreaterThan(900);
  }, 120_000);

  it('predicts the exact size of a changed model', () => {
    for (const path of files) {
      let model: Model;
      try {
        model = readModel(new MemorySource(read(path)), { missingExternal: 'allow' });
        const draft = openDraft(model);
        draft.setMetadata('changed', 'yes');
        const changed = draft.finish();
        const written = writeModel(changed, { externalize: 'above-2GiB' });
        expect(sizeOf(changed, { externalize: 'above-2GiB' }), path).toBe(
          concatParts(written.model).byteLength,
        );
      } catch (error) {
        if (!(error instanceof PareError)) throw error;
      }
    }
  }, 120_000);
});

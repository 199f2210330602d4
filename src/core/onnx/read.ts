/**
 * Opens an ONNX file: ByteSource in, immutable Model out. Lazy: no weight is read. Structure only; whether the graph
 * makes sense is verify.ts's business.
 */
import type { ByteSource } from '../bytes/source.ts';
import { PareError } from '../errors.ts';
import { externalFiles, resolveLocation } from './external.ts';
import type { ExternalFiles } from './external.ts';
import type { Graph, LocalFunction, MetadataEntry, Model, OperatorSet } from './ir.ts';
import { markOriginal } from './original.ts';
import { docText, Extras, readEntry, readOperatorSet, refuseTwice } from './read-common.ts';
import { readFunction, readGraph } from './read-graph.ts';
import { refuseOtherFormats } from './sniff.ts';
import { forEachTensor } from './walk.ts';
import { MessageCursor, WIRE_LENGTH, WIRE_VARINT, WireInput } from './wire.ts';

export interface ReadOptions {
  /** Files beside the model, by relative path or name: where external data is. */
  readonly files?: ReadonlyMap<string, ByteSource>;
  /** `allow`: tensors whose file was not given keep no bytes. Default `refuse`. */
  readonly missingExternal?: 'refuse' | 'allow';
}

/**
 * @throws PareError `empty-file`, `git-lfs-pointer`, `html-page`, `compressed`, `other-format`, `not-onnx`,
 * `truncated`, `malformed`, `too-deep`, `too-large`, `invalid-graph`, `external-missing`, `external-unsafe-path`,
 * `external-range`
 */
export function readModel(source: ByteSource, options: ReadOptions = {}): Model {
  refuseOtherFormats(source);
  const files = externalFiles(
    source,
    options.files ?? new Map<string, ByteSource>(),
    options.missingExternal ?? 'refuse',
  );
  const builder = new ModelBuilder();
  const c = new MessageCursor(new WireInput(source), 'ModelProto', 0, source.size, 0);
  try {
    while (c.next()) builder.add(c, files);
  } catch (error) {
    // Random bytes fail as some protobuf error; what matters is that nothing looked like a model before.
    if (!(error instanceof PareError) || !FAULTS.has(error.code)) throw error;
    const cutGraph = error.code === 'truncated' && c.field === GRAPH_FIELD;
    if (!builder.looksLikeModel && !cutGraph) throw notOnnx(error);
    throw error;
  }
  return builder.finish(c);
}

/**
 * Normalized locations of the data files that a model names, in the order they are met, each once.
 * @throws PareError `external-unsafe-path`
 */
export function externalLocations(model: Model): ReadonlySet<string> {
  const found = new Set<string>();
  forEachTensor(model, ({ name, data }) => {
    if (data.kind === 'external') found.add(resolveLocation(data.location, name));
  });
  return found;
}

const GRAPH_FIELD = 7;
const FAULTS: ReadonlySet<string> = new Set(['malformed', 'truncated', 'too-deep']);

function notOnnx(cause?: unknown): PareError {
  return new PareError('not-onnx', 'The file is not an ONNX model: nothing in it reads as one.', {
    at: 'byte 0',
    hint: 'Open a file that was exported as ONNX (its name usually ends in .onnx).',
    cause,
  });
}

class ModelBuilder {
  #irVersion = 0;
  #producerName = '';
  #producerVersion = '';
  #domain = '';
  #modelVersion = 0n;
  #docString = '';
  #graph: Graph | undefined;
  readonly #opsets: OperatorSet[] = [];
  readonly #metadata: MetadataEntry[] = [];
  readonly #functions: LocalFunction[] = [];
  readonly #extras = new Extras();

  /** Every writer puts the IR version, one small number, or an operator set in front. */
  get looksLikeModel(): boolean {
    return (
      (this.#irVersion >= 1 && this.#irVersion < 100) || this.#graph !== undefined || this.#opsets.length > 0
    );
  }

  add(c: MessageCursor, files: ExternalFiles): void {
    const field = c.wire === WIRE_LENGTH ? c.field : 0;
    if (c.field === 1 && c.wire === WIRE_VARINT) this.#irVersion = c.number();
    else if (c.field === 5 && c.wire === WIRE_VARINT) this.#modelVersion = c.int64();
    else if (field === 2) this.#producerName = docText(c, this.#extras);
    else if (field === 3) this.#producerVersion = docText(c, this.#extras);
    else if (field === 4) this.#domain = docText(c, this.#extras);
    else if (field === 6) this.#docString = docText(c, this.#extras);
    else if (field === 7) {
      refuseTwice(c, this.#graph);
      this.#graph = readGraph(c.enter('GraphProto'), files);
    } else if (field === 8) this.#opsets.push(readOperatorSet(c.enter('OperatorSetIdProto')));
    else if (field === 14) this.#metadata.push(readEntry(c.enter('StringStringEntryProto')));
    else if (field === 25) this.#functions.push(readFunction(c.enter('FunctionProto'), files));
    else this.#extras.add(c);
  }

  finish(c: MessageCursor): Model {
    if (this.#graph === undefined) {
      if (this.#irVersion === 0 && this.#opsets.length === 0) throw notOnnx();
      throw new PareError('invalid-graph', 'The model has no graph.', {
        at: `byte ${c.end}`,
        hint: 'The file is incomplete. Export it again.',
      });
    }
    const empty = this.#graph.nodes.length === 0 && this.#graph.outputs.length === 0;
    if (this.#irVersion === 0 && this.#opsets.length === 0 && empty) throw notOnnx();
    return markOriginal({
      irVersion: this.#irVersion,
      opsets: this.#opsets,
      producerName: this.#producerName,
      producerVersion: this.#producerVersion,
      domain: this.#domain,
      modelVersion: this.#modelVersion,
      docString: this.#docString,
      metadata: this.#metadata,
      graph: this.#graph,
      functions: this.#functions,
      verbatim: c.span,
      ...this.#extras.property,
    });
  }
}

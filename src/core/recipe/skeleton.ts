/**
 * What the page needs to know of a model to predict the exact size of a variant without its weights: the lengths of
 * what stays, and for each weight what its encoding depends on. Plain data that can be posted between threads.
 */
import type { MatrixSite } from '../passes/lowering/matmul-nbits.ts';
import type { DataType } from '../tensor/dtype.ts';

/** One weight without its data. */
export interface SkeletonLayer {
  readonly id: string;
  readonly elements: number;
  readonly value: string;
  readonly dims: readonly number[];
  readonly axis?: number;
  readonly dataType: DataType;
  /** Index in `graphs` of the graph that holds it. */
  readonly graph: number;
  /** Number in the names of what lowering writes for it, from 1. */
  readonly index: number;
  /** Why no pass touches it: frozen, or its values cannot be read. */
  readonly frozen?: string;
  /** Values beyond the range of float16; such a layer is left alone at fp16. */
  readonly beyondHalf: number;
  /** What the weight's encoding is compared with. */
  readonly originalBytes: number;
  /** Bytes that disappear with the weight: its field, and values in a second file. */
  readonly fieldBytes: number;
  /** Its field when a pass has put the same values back, and when it is written with zeros. */
  readonly restoredBytes: number;
  readonly zerosBytes: number;
  /** The one MatMul or Gemm that reads it, where MatMulNBits can stand for both. */
  readonly matrix?: MatrixSite;
  /** Bytes of the weight's entry among the graph's inputs. */
  readonly inputBytes: number;
  /** Operators that read it. */
  readonly readers: number;
  /** One of them is an LSTM, GRU or RNN. */
  readonly recurrent?: true;
  /** What the file may grow by when a pass writes the bias behind it; absent where no pass can. */
  readonly bias?: SkeletonBias;
}

/** Bytes, of the tensor and of its name where an operator reads it. */
export interface SkeletonBias {
  /** When *correct-bias* writes it. */
  readonly corrected: number;
  /** When *equalize* writes it, at most. */
  readonly equalized: number;
}

/** Of the main graph. */
export interface SkeletonCensus {
  /** Values that operators and callers write. */
  readonly values: number;
  /** Places where operators read something. */
  readonly reads: number;
  /** Bytes of the longest name. */
  readonly longestName: number;
  /** Bytes of float32 constants that are no layers, and of those that several places read. */
  readonly floatBytes: number;
  readonly sharedFloatBytes: number;
  readonly valueInfoBytes: number;
}

/**
 * How many weights each layer keeps when a whole percentage of the model is pruned by LAMP scores: [percent][layer], in
 * the order of the skeleton's layers; layers that do not take part have all their elements.
 */
export type LampKeeps = readonly Uint32Array[];

export interface SkeletonGraph {
  /** Index of the graph around it; absent for the main graph and for function bodies. */
  readonly parent?: number;
  /** Number of the node of the parent that it belongs to: both branches of an If have the same. */
  readonly node?: number;
  /** Operator set of a function body. */
  readonly functionOpset?: number;
  /** It holds weights and its bytes change when it is rewritten from its parts: the file was written by an unusual tool. */
  readonly unusual?: true;
}

/** Lengths of the messages around a graph: its own, and that of the attribute that holds it. */
export type Enclosing = readonly number[];

/** The model with nothing but a header rewritten: where the sum starts. */
export interface SkeletonBase {
  /** Bytes of all files. */
  readonly bytes: number;
  /** By graph. */
  readonly enclosing: readonly Enclosing[];
  /** Lengths of the nodes that hold graphs, by number. */
  readonly nodes: readonly number[];
  /** Weights stand among the inputs of the main graph. */
  readonly listsWeights: boolean;
}

export interface SizeSkeleton {
  /** Bytes of the file as it is. */
  readonly bytes: number;
  readonly layers: readonly SkeletonLayer[];
  /** The model that the skeleton was made from had gone through *simplify*. */
  readonly simplified: boolean;
  /** Absent where the model is too large to sort its scores. */
  readonly lampKeeps?: LampKeeps;
  /** Why predictions are estimates; absent = they are exact to the byte. */
  readonly inexact?: string;
  readonly opset: number;
  /** Beginning of the names that lowering makes, and the domain of its functions. */
  readonly prefix: string;
  readonly domain: string;
  /** Domains whose operators the model uses. */
  readonly imported: readonly string[];
  readonly graphs: readonly SkeletonGraph[];
  readonly census: SkeletonCensus;
  readonly base: SkeletonBase;
  /** With initializers taken off the list of inputs (IR below 4); absent where that changes nothing. */
  readonly unlisted?: SkeletonBase;
  /** Highest first. Without a base the operator set cannot be raised that far. */
  readonly raised: readonly { readonly opset: number; readonly base?: SkeletonBase }[];
}

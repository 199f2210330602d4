/**
 * What the data layer is made of: files that are read in ranges, sets whose samples are read one at a time. 100,000
 * samples are never in memory together. It must not know browsers, Node or runtimes: hosts hand in files and codecs.
 */
import type { DataKind, DataProblem, DataSource, DataSummary } from '../core/dataset/types.ts';
import type { DataType } from '../core/tensor/dtype.ts';

/** One file of the user's, read in ranges. */
export interface DataFile {
  /** Relative path with '/', as dropped or found in a folder; never used to open anything. */
  readonly path: string;
  readonly bytes: number;
  /** @throws PareError `truncated` past the end; whatever the host says when the file has gone. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** 8 bits a channel, row-major, interleaved RGBA, already turned upright (EXIF). */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray | Uint8Array;
}

/** Pictures from bytes; the same code in page and command line, so that the numbers are the same. */
export interface PictureDecoder {
  /** @throws PareError `malformed`, `unsupported` in one clear sentence that starts with what the file is. */
  decode(bytes: Uint8Array, path: string): Promise<Picture>;
}

/** What a host brings: WebAssembly of the codecs (each asked for once, when first needed). */
export interface CodecHost {
  loadCodec(name: 'jpeg' | 'png' | 'webp'): Promise<WebAssembly.Module>;
}

/** Corners in pixels of the original picture. */
export interface LabelBox {
  readonly className: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly crowd?: boolean;
}

export type Label =
  | { readonly kind: 'class'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'numbers'; readonly values: readonly number[] }
  | { readonly kind: 'boxes'; readonly boxes: readonly LabelBox[] }
  /** The picture whose pixel values are classes is read with the sample, under the source name 'mask'. */
  | { readonly kind: 'mask' };

export interface SampleInfo {
  /** Unique and stable: the path, or 'x[17]'. */
  readonly key: string;
  readonly label: Label | null;
  /** Values of the grouping columns by column name. */
  readonly groups: Readonly<Record<string, string>>;
}

export type RawValue =
  | { readonly kind: 'image'; readonly picture: Picture }
  | {
      readonly kind: 'array';
      /** What was stored. `values` are plain: half floats as float32, bool as 0 and 1, 64-bit integers as bigint. */
      readonly dataType: DataType;
      readonly dims: readonly number[];
      readonly values: ArrayLike<number> | ArrayLike<bigint>;
    }
  | { readonly kind: 'audio'; readonly sampleRate: number; readonly samples: Float32Array }
  | { readonly kind: 'text'; readonly text: string };

export interface Dataset {
  readonly name: string;
  readonly kind: DataKind;
  readonly sources: readonly DataSource[];
  readonly length: number;
  /** Label names in their own order: folders by name, numbers by value, else by first use in sorted order. */
  readonly classes: readonly string[];
  /**
   * For people, beside `classes`: ['tench', …] for ['0', …] where a column of names stands beside numbers. Labels stay
   * the numbers: they say which output of the model is meant.
   */
  readonly classTitles?: readonly string[];
  /** Small text files that came along, by path: class lists, alphabets, tokenizer.json. */
  readonly texts: ReadonlyMap<string, string>;
  /** What indexing found. Problems of single samples are found when they are read. */
  readonly problems: readonly DataProblem[];
  info(index: number): SampleInfo;
  /** @throws PareError for this sample alone: the set goes on without it. */
  read(index: number): Promise<ReadonlyMap<string, RawValue>>;
  /** The stored bytes of one sample, to find exact copies without decoding. */
  readBytes(index: number): Promise<Uint8Array>;
  summary(): Omit<DataSummary, 'dataId'>;
}

/** Between samples: lets the host breathe, shows progress, throws PareError `cancelled`. */
export type Checkpoint = (fraction: number, doing: string) => Promise<void>;

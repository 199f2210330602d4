/** What the page needs to know of a model to predict the exact size of a variant without its weights. */

/** One compressible weight without its data. */
export interface SkeletonLayer {
  readonly id: string;
  readonly elements: number;
}

export interface SizeSkeleton {
  /** Bytes of the file as it is. */
  readonly bytes: number;
  readonly layers: readonly SkeletonLayer[];
}

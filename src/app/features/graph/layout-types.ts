/** What is laid out and what comes of it: places and lines, in pixels at full size. It must not know what a node means. */

export interface LayoutGraph {
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
  /** By index of `sizes`. Edges that lead back are drawn beside the graph. */
  readonly edges: readonly (readonly [from: number, to: number])[];
}

export interface Layout {
  /** Left and top of each node. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** By edge: x, y, x, y … from the lower side of one node to the upper side of the other. */
  readonly routes: readonly (readonly number[])[];
  readonly width: number;
  readonly height: number;
  /** Nodes whose part of the graph was too large, or too deep, for the thorough method. */
  readonly simpleNodes: number;
}

/** Places the nodes of one part of a graph. May fail: then the part is placed by the simple method. */
export type PlacePart = (part: LayoutGraph) => Promise<Omit<Layout, 'simpleNodes'>>;

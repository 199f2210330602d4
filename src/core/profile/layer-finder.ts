/**
 * Gives nodes of the runtime's optimized graph back to the weight layers that they came from, by name: onnxruntime
 * keeps the old name, or makes a new one from it. It must not know how times are measured.
 */

/** Names of the nodes that read each layer in the model file, by layer id. */
export type LayerNodes = Readonly<Record<string, readonly string[]>>;

/** A node as the runtime reports it. */
export interface ReportedNode {
  readonly name: string;
  readonly op: string;
}

/**
 * What onnxruntime hangs on an old name, in any order: `_token_12` (made unique), `/MatMulAddFusion`, `_nchwc`,
 * `_quant`. Never a bare digit, so that `Conv_1` does not claim `Conv_12`.
 */
const SUFFIX = /(?:_token_\d+|_nchwc|_nhwc|_quant|\/\w*Fusion\/?)$/;
/** What it puts in front. */
const PREFIX = /^(?:fused |nhwc_)/;
/** A name has at most a few of them. */
const MAX_CUTS = 8;

/** Operators that a fusion makes of others, and what they were. */
const FUSED_FROM: Readonly<Record<string, string>> = {
  FusedConv: 'Conv',
  NhwcFusedConv: 'Conv',
  FusedGemm: 'Gemm',
  FusedMatMul: 'MatMul',
};

/** Layer id of each node, null where it belongs to none. */
export function findLayers(
  nodes: readonly ReportedNode[],
  layerNodes: LayerNodes,
): ReadonlyMap<ReportedNode, string | null> {
  const byName = new Map<string, string>();
  for (const [layer, names] of Object.entries(layerNodes)) {
    for (const name of names) if (name !== '' && !byName.has(name)) byName.set(name, layer);
  }
  const found = new Map(nodes.map((node) => [node, byOldName(node.name, byName) ?? null]));
  for (const [node, layer] of fusedWithoutName(nodes, found, byName)) found.set(node, layer);
  return found;
}

function byOldName(reported: string, byName: ReadonlyMap<string, string>): string | undefined {
  let name = reported;
  for (let cut = 0; cut <= MAX_CUTS; cut++) {
    const layer = byName.get(name);
    if (layer !== undefined) return layer;
    const shorter = SUFFIX.test(name) ? name.replace(SUFFIX, '') : name.replace(PREFIX, '');
    if (shorter === name) return undefined;
    name = shorter;
  }
  return undefined;
}

/**
 * A node without a name is called by operator and number, and what it is fused into gets a number of its own: of that,
 * only the order tells. Where as many `FusedConv_…` came as `Conv_…` are gone, they are the same ones.
 */
function fusedWithoutName(
  nodes: readonly ReportedNode[],
  found: ReadonlyMap<ReportedNode, string | null>,
  byName: ReadonlyMap<string, string>,
): [ReportedNode, string][] {
  const present = new Set(nodes.map(({ name }) => name));
  return Object.entries(FUSED_FROM).flatMap(([fused, from]) => {
    const came = nodes
      .filter((node) => node.op === fused && found.get(node) === null && numberOf(node.name, fused) >= 0)
      .toSorted((a, b) => numberOf(a.name, fused) - numberOf(b.name, fused));
    const gone = [...byName]
      .filter(([name]) => numberOf(name, from) >= 0 && !present.has(name))
      .toSorted(([a], [b]) => numberOf(a, from) - numberOf(b, from));
    return came.length === gone.length
      ? came.map((node, i): [ReportedNode, string] => [node, gone[i][1]])
      : [];
  });
}

/** n of `op_n`; −1 for other names. */
function numberOf(name: string, op: string): number {
  const rest = name.startsWith(`${op}_`) ? name.slice(op.length + 1) : '';
  return /^\d{1,9}$/.test(rest) ? Number(rest) : -1;
}

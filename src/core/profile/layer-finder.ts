/**
 * Gives a node of the runtime's optimized graph back to the weight layer that it came from, by its name: onnxruntime
 * keeps the old name, or makes a new one that begins with it. It must not know how times are measured.
 */

/** Layer ids by node name of the model file. */
export type LayerNodes = Readonly<Record<string, readonly string[]>>;

/** The id of the layer that a node belongs to, or null. */
export type LayerFinder = (node: string) => string | null;

/**
 * What may follow an old name in a new one: `_token_12` (a name made unique), `/MatMulAddFusion`, `_nchwc`, `_nhwc`,
 * `_quant`, `_transpose`: never a bare digit or letter, so that `Conv_1` does not claim `Conv_12`.
 */
const JOINTS = ['_token_', '/', '_nchwc', '_nhwc', '_quant', '_Quant', '_transpose', '_Transpose', ' ', '&'];
/** What may stand before it. */
const LEADS = ['fused ', 'nhwc_', 'Transpose_', 'Cast_'];

export function createLayerFinder(layerNodes: LayerNodes): LayerFinder {
  const byNode = new Map<string, string>();
  for (const [layer, nodes] of Object.entries(layerNodes)) {
    for (const node of nodes) if (node !== '' && !byNode.has(node)) byNode.set(node, layer);
  }
  const exactOrPrefix = (name: string): string | undefined => {
    const exact = byNode.get(name);
    if (exact !== undefined) return exact;
    // From the longest prefix down, so that the most exact name wins.
    for (const end of joints(name)) {
      const found = byNode.get(name.slice(0, end));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return (name) => {
    const found = exactOrPrefix(name);
    if (found !== undefined) return found;
    for (const lead of LEADS) {
      if (!name.startsWith(lead)) continue;
      const behind = exactOrPrefix(name.slice(lead.length));
      if (behind !== undefined) return behind;
    }
    return null;
  };
}

/** Places where an old name may end inside a new one, the last first. */
function joints(name: string): number[] {
  const ends: number[] = [];
  for (let i = name.length - 1; i > 0; i--)
    if (JOINTS.some((joint) => name.startsWith(joint, i))) ends.push(i);
  return ends;
}

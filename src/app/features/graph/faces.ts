/**
 * What each node of the drawing shows of its layer: heat of the chosen measure, the number, the precision. It must not
 * know places or colours.
 */
import type { ProfileResult } from '../../../core/profile/types.ts';
import type { LayerOption, SensitivityReport } from '../../../core/search/types.ts';
import type { LayerRow } from '../../store/layers.ts';
import { formatBytes, formatDecibels } from '../../ui/format.ts';
import { heatShare } from '../../ui/heat.tsx';
import { formatMicros } from '../profile/profile-rows.ts';
import { damageOf, damageShare, formatDamage } from '../sensitivity/heat-scale.ts';
import type { DrawnGraph } from './drawn-graph.ts';
import type { NodeFace } from './paint.ts';

export const MEASURES = ['sensitivity', 'error', 'time', 'bytes'] as const;
export type Measure = (typeof MEASURES)[number];

export interface FaceInput {
  readonly graph: DrawnGraph;
  readonly rows: readonly LayerRow[];
  readonly measure: Measure;
  readonly sensitivity: SensitivityReport | null;
  readonly option: LayerOption | null;
  readonly profile: ProfileResult | null;
}

interface Reading {
  readonly heat: number;
  readonly text: string;
}

/** By node; undefined for a node without weights. */
export function facesOf(input: FaceInput): readonly (NodeFace | undefined)[] {
  const rows = new Map(input.rows.map((row) => [row.layer.id, row]));
  const read = readerOf(input);
  return input.graph.nodes.map((node) => {
    if (node.layers.length === 0) return undefined;
    const readings = node.layers.flatMap((layer) => read(layer, node.weightBytes) ?? []);
    // A recurrent operator has several weights: the worst is what one looks for.
    const worst = readings.reduce<Reading | undefined>(
      (most, each) => (most === undefined || each.heat > most.heat ? each : most),
      undefined,
    );
    const row = rows.get(node.layers[0]);
    return {
      heat: worst?.heat,
      heatText: worst?.text ?? '',
      badge: row === undefined ? '' : badgeOf(row),
    };
  });
}

function readerOf(input: FaceInput): (layer: string, nodeBytes: number) => Reading | undefined {
  const { measure } = input;
  switch (measure) {
    case 'sensitivity':
      return sensitivityReader(input);
    case 'error': {
      const rows = new Map(input.rows.map((row) => [row.layer.id, row.sqnrDb]));
      return (layer) => {
        const decibels = rows.get(layer);
        return decibels === undefined
          ? undefined
          : { heat: heatShare(decibels), text: formatDecibels(decibels) };
      };
    }
    case 'time': {
      const micros = input.profile?.layers ?? {};
      const total = Object.values(micros).reduce((sum, each) => sum + each, 0);
      return (layer) => {
        const time = micros[layer];
        return time === undefined ? undefined : { heat: partHeat(time, total), text: formatMicros(time) };
      };
    }
    case 'bytes': {
      const total = input.graph.nodes.reduce((sum, node) => sum + node.weightBytes, 0);
      return (_layer, bytes) => ({ heat: partHeat(bytes, total), text: formatBytes(bytes) });
    }
    default:
      return measure satisfies never;
  }
}

/** A quarter of the whole in one layer is the end of the scale: a network of equal layers has no hot one. */
const MOST_PART = 0.25;

function partHeat(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(1, part / whole / MOST_PART);
}

function sensitivityReader({ sensitivity, option }: FaceInput): (layer: string) => Reading | undefined {
  if (sensitivity === null || option === null) return () => undefined;
  const layers = new Map(sensitivity.layers.map((layer) => [layer.layer, layer]));
  return (layer) => {
    const damage = damageOf(layers.get(layer), option);
    if (damage === undefined) return undefined;
    return { heat: damageShare(damage, sensitivity.metric), text: formatDamage(damage, sensitivity.metric) };
  };
}

/** 'int8 ch', 'int4 b32', 'fp32'; 'int8 act' where the activations are integers too. */
function badgeOf({ donePrecision, layer }: LayerRow): string {
  if (donePrecision === undefined) return shortType(layer.dataType);
  return donePrecision.includes('activations') ? 'int8 act' : donePrecision;
}

/** 'float32' → 'fp32'; integer types keep their name. */
function shortType(dataType: string): string {
  const [, bits] = /^float(\d+)$/.exec(dataType) ?? [];
  return bits === undefined ? dataType : `fp${bits}`;
}

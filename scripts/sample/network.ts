/**
 * The sample's network: a MobileNet in small (Howard et al. 2017, https://arxiv.org/abs/1704.04861). Stem, seven
 * depthwise-separable blocks, average pool, dense. It must not know the data, the optimizer or ONNX.
 */
import type { Floats } from './gemm.ts';
import { averagePool, dense } from './head.ts';
import {
  depthwise,
  normRelu,
  pointwise,
  stem,
  type Build,
  type Layer,
  type NormLayer,
  type Parameter,
  type Shape,
} from './layers.ts';

export interface BlockPlan {
  readonly channels: number;
  readonly stride: 1 | 2;
}

export interface Plan {
  readonly input: Shape;
  readonly stemChannels: number;
  readonly blocks: readonly BlockPlan[];
  readonly classes: number;
}

/** 28×28 → 14×14 → 7×7 → 4×4 → 2×2. Nine tenths of the weights are in the 1×1 convolutions. */
export const DIGITS_PLAN: Plan = {
  input: { channels: 1, height: 28, width: 28 },
  stemChannels: 16,
  blocks: [
    { channels: 32, stride: 1 },
    { channels: 64, stride: 2 },
    { channels: 64, stride: 1 },
    { channels: 128, stride: 2 },
    { channels: 192, stride: 1 },
    { channels: 256, stride: 2 },
    { channels: 256, stride: 1 },
  ],
  classes: 10,
};

/** A convolution and the normalization that follows it: what the export writes as Conv, BatchNormalization, Relu. */
export interface ConvStage {
  readonly kind: 'conv';
  readonly name: string;
  readonly stride: number;
  readonly groups: number;
  readonly weight: Parameter;
  readonly norm: NormLayer;
}

export interface Network {
  readonly plan: Plan;
  readonly stages: readonly ConvStage[];
  readonly head: { readonly weight: Parameter; readonly bias: Parameter };
  readonly parameters: readonly Parameter[];
  /** images: [N][784] in 0..1. Returns logits [classes][N]; valid until the next call. */
  forward(images: Floats, training: boolean): Floats;
  backward(gradient: Floats): void;
}

export function createNetwork(plan: Plan, build: Build): Network {
  const layers: Layer[] = [];
  const stages: ConvStage[] = [];
  let shape = plan.input;
  const stage = (conv: Layer & { weight: Parameter }, name: string, stride: number, groups: number): void => {
    const norm = normRelu(build, `${name}.norm`, conv.output);
    layers.push(conv, norm);
    stages.push({ kind: 'conv', name, stride, groups, weight: conv.weight, norm });
    shape = norm.output;
  };
  stage(stem(build, 'stem', shape, plan.stemChannels, 2), 'stem', 2, 1);
  plan.blocks.forEach((block, i) => {
    const name = `block${i + 1}`;
    stage(
      depthwise(build, `${name}.depthwise`, shape, block.stride),
      `${name}.depthwise`,
      block.stride,
      shape.channels,
    );
    stage(pointwise(build, `${name}.pointwise`, shape, block.channels), `${name}.pointwise`, 1, 1);
  });
  const head = dense(build, 'classifier', shape.channels, plan.classes);
  layers.push(averagePool(build, shape), head);
  return {
    plan,
    stages,
    head,
    parameters: layers.flatMap((layer) => layer.parameters),
    forward: (images, training) => layers.reduce((x, layer) => layer.forward(x, training), images),
    backward(gradient) {
      let g = gradient;
      for (const layer of layers.toReversed()) g = layer.backward(g);
    },
  };
}

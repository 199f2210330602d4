/**
 * What a pass is: data first (meta), then a function from model to model. It must not know pages, threads or a
 * particular runtime; everything it may use arrives in the context.
 */
import type { Calibration, StatisticsRequest } from '../calibration/types.ts';
import type { GraphRunner } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';
import type { Target } from '../targets/types.ts';
import type { KernelSet } from '../tensor/kernel-set.ts';

export type ParamSpec =
  | {
      readonly kind: 'number';
      readonly label: string;
      readonly help: string;
      readonly default: number;
      readonly min: number;
      readonly max: number;
      readonly step: number;
      readonly unit?: 'fraction' | 'elements' | 'bytes';
    }
  | {
      readonly kind: 'choice';
      readonly label: string;
      readonly help: string;
      readonly default: string;
      readonly options: readonly { readonly value: string; readonly label: string }[];
    }
  | { readonly kind: 'flag'; readonly label: string; readonly help: string; readonly default: boolean };

export type ParamValue = number | string | boolean;
export type ParamValues = Readonly<Record<string, ParamValue>>;

/** Drives sliders, recipe validation, search axes, CLI help and the docs page. */
export interface PassMeta {
  readonly id: string;
  readonly label: string;
  /** For a beginner: what it does, when it helps, what it costs. One or two sentences. */
  readonly help: string;
  readonly params: Readonly<Record<string, ParamSpec>>;
  /** Names of params that a layer may override in a recipe's `layers`. */
  readonly layerParams: readonly string[];
  readonly exact: boolean;
  /** `uses`: better with calibration samples, works without. `needs`: made-up inputs stand in where there are none, and the report warns. */
  readonly data?: 'uses' | 'needs';
}

export interface SkippedLayer {
  readonly layer: string;
  readonly reason: string;
}

export interface LayerChange {
  readonly layer: string;
  /** For the page's columns: 'int8 ch', '80 %' … */
  readonly precision?: string;
  readonly sparsity?: number;
  /** Signal to noise of the weight after the step, against its floats before the first encoding, decibels; Infinity = exact. */
  readonly sqnrDb?: number;
  /** Share of noise in the layer's own outputs on the calibration samples: tr(E·H·Eᵀ) / tr(W·H·Wᵀ). */
  readonly outputError?: number;
  readonly note?: string;
}

export interface PassOutcome {
  readonly model: Model;
  readonly changed: readonly LayerChange[];
  readonly skipped: readonly SkippedLayer[];
  /** Counts and remarks for the report, e.g. { 'batch norms folded': 35 }. */
  readonly facts: Readonly<Record<string, number | string>>;
}

/** Deterministic generator from the recipe's seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

export interface PassContext {
  readonly kernels: KernelSet;
  /** Absent where no runtime can be had: passes then do less and say so in `facts`. */
  readonly runner: GraphRunner | undefined;
  readonly random: Random;
  /** Where the model will run. */
  readonly target: Target;
  /** Statistics of values; absent where no runtime can be had. */
  readonly calibration: Calibration | undefined;
  /** Call often (every layer, at least every 20 ms of work): lets the host breathe and throws PareError `cancelled`. */
  checkpoint(fraction: number, doing: string): Promise<void>;
}

export interface Pass {
  readonly meta: PassMeta;
  /**
   * What it will ask of the floats of `model`: the manager collects what all steps declare in one sweep, before the first
   * of them runs. A hint: `run` asks again and gets what is known. Absent = nothing.
   */
  declare?(
    model: Model,
    params: ParamValues,
    layers: Readonly<Record<string, ParamValues>>,
    target: Target,
  ): StatisticsRequest;
  run(
    model: Model,
    params: ParamValues,
    layers: Readonly<Record<string, ParamValues>>,
    context: PassContext,
  ): Promise<PassOutcome>;
}

/** One step of a recipe, before its values were checked. */
export interface PassStep {
  readonly pass: string;
  readonly params?: ParamValues;
  /** Overrides per layer id. */
  readonly layers?: Readonly<Record<string, ParamValues>>;
}

/** `pare optimize`: applies a recipe and writes the smaller model, byte for byte what the page would download. */
import { basename, dirname, join } from 'node:path';
import { partsLength } from '../core/bytes/spans.ts';
import { PareError } from '../core/errors.ts';
import { assertValid } from '../core/onnx/verify.ts';
import { listWeights } from '../core/onnx/weights.ts';
import type { DataFile } from '../core/onnx/write.ts';
import { parseRecipe } from '../core/recipe/parse.ts';
import { isPresetName, PRESETS } from '../core/recipe/presets.ts';
import type { Recipe } from '../core/recipe/types.ts';
import { infoOf } from '../worker/model-calibration.ts';
import { createNodeRunner } from '../runtime/node-runner.ts';
import { makeVariant, type MadeVariant } from '../worker/make-variant.ts';
import type { Command } from './arguments.ts';
import { openCalibration } from './open-calibration.ts';
import { openModelFile, type OpenModel } from './open-model.ts';
import type { Outcome } from './outcome.ts';
import { readRecipeText } from './recipe-file.ts';
import { showProgress } from './progress.ts';
import { formatBytes, formatPairs, formatPercent, formatTable, significant } from './table.ts';
import { isSameFile, writeFiles } from './write-file.ts';

type OptimizeCommand = Extract<Command, { name: 'optimize' }>;

/**
 * @throws PareError `recipe-invalid`, `layer-unknown`; `usage` for a place that cannot be written to; as openModelFile does
 */
export async function optimize(command: OptimizeCommand): Promise<Outcome> {
  const { model: path, output, json } = command;
  const recipe = recipeFor(command);
  const opened = openModelFile(path);
  const progress = showProgress(!json);
  try {
    assertValid(opened.model);
    const runner = createNodeRunner();
    const checkpoint = (fraction: number, doing: string): Promise<void> => {
      progress.show(fraction, doing);
      return Promise.resolve();
    };
    const { calibration } = await openCalibration(
      opened,
      { ...command, config: recipe.data, samples: recipe.calibration?.samples },
      runner,
      checkpoint,
    );
    const made = await makeVariant(opened.model, recipe, basename(output), {
      runner,
      calibration: calibration.forRecipe(recipe),
      now: () => performance.now(),
      checkpoint,
    });
    progress.clear();
    const data = made.written.data
      .map((file) => ({ file, path: join(dirname(output), file.name) }))
      // The data file of an unchanged model, written where it already lies.
      .filter(({ file, path: target }) => !isOwnDataFile(opened, file, target));
    const files = [
      { path: output, parts: made.written.model },
      ...data.map(({ file, path: target }) => ({ path: target, parts: file.parts })),
    ];
    writeFiles(files, opened.files);
    return {
      json: {
        file: path,
        output,
        files: files.map(({ path: file }) => file),
        recipe,
        bytes: {
          before: opened.bytes,
          after: made.bytes,
          ratio: made.bytes / opened.bytes,
          source: 'measured',
        },
        millis: made.millis,
        steps: made.steps,
        kernels: made.kernels,
        calibration: made.samples === undefined ? null : infoOf(made.samples),
      },
      text: describe(opened, output, made),
    };
  } finally {
    progress.clear();
    opened.dispose();
  }
}

/** The recipe with what the command line says instead. */
function recipeFor({ recipe: name, target, calibration }: OptimizeCommand): Recipe {
  const recipe = readRecipe(name);
  return {
    ...recipe,
    ...(target === undefined ? {} : { target }),
    ...(calibration === undefined ? {} : { calibration: { samples: calibration } }),
  };
}

function readRecipe(name: string): Recipe {
  if (isPresetName(name)) return PRESETS[name];
  let text: string;
  try {
    text = readRecipeText(name);
  } catch (cause) {
    if (cause instanceof PareError) throw cause;
    const presets = Object.keys(PRESETS).join(', ');
    throw new PareError('usage', `"${name}" is neither a preset nor a file that can be read.`, {
      hint: `Presets: ${presets}. A recipe file is saved by the page.`,
      cause,
    });
  }
  return parseRecipe(text);
}

function isOwnDataFile(opened: OpenModel, file: DataFile, target: string): boolean {
  const source = opened.data.get(file.name);
  const whole = file.parts.length === 1 && source !== undefined && partsLength(file.parts) === source.size;
  const [part] = file.parts;
  if (!whole || part instanceof Uint8Array || part.source !== source) return false;
  return opened.files.some((input) => isSameFile(input, target));
}

function describe(opened: OpenModel, output: string, made: MadeVariant): string {
  const { bytes } = opened;
  const head = formatPairs([
    ['Wrote', output],
    ['Size before', `${formatBytes(bytes)} (${bytes} B, measured)`],
    [
      'Size after',
      `${formatBytes(made.bytes)} (${made.bytes} B, measured), ${formatPercent(made.bytes / bytes)} of it`,
    ],
    ['Took', `${significant(made.millis / 1000)} s, measured`],
  ]);
  const steps = made.steps.map(({ pass, changed, skipped, facts, millis }) => [
    pass,
    String(changed.length),
    String(skipped.length),
    `${significant(millis)} ms`,
    Object.entries(facts)
      .map(([what, value]) => `${what}: ${value}`)
      .join(', '),
  ]);
  if (steps.length === 0) return `${head}\n\nThe recipe has no steps: the file is unchanged.`;
  const stepTable = formatTable(
    [
      { title: 'Step' },
      { title: 'Changed', align: 'right' },
      { title: 'Left alone', align: 'right' },
      { title: 'Time (measured)', align: 'right' },
      { title: 'Remarks' },
    ],
    steps,
  );
  const layers = layerRows(opened, made);
  return [head, stepTable, ...(layers === undefined ? [] : [layers])].join('\n\n');
}

/** What happened to each weight, in the order of the original model. */
function layerRows(opened: OpenModel, made: MadeVariant): string | undefined {
  const rows = listWeights(opened.model).flatMap(({ id, op }) => {
    const changes = made.steps.flatMap(({ changed }) => changed.filter(({ layer }) => layer === id));
    const reasons = made.steps.flatMap(({ skipped }) => skipped.filter(({ layer }) => layer === id));
    if (changes.length === 0 && reasons.length === 0) return [];
    const last = <T>(pick: (change: (typeof changes)[number]) => T | undefined): T | undefined =>
      changes.map(pick).findLast((value) => value !== undefined);
    const sparsity = last((change) => change.sparsity);
    const sqnrDb = last((change) => change.sqnrDb);
    const notes = [
      ...changes.map(({ note }) => note),
      ...reasons.map(({ reason }) => `left alone: ${reason}`),
    ];
    return [
      [
        id,
        op,
        last((change) => change.precision) ?? '',
        sparsity === undefined ? '' : formatPercent(sparsity),
        sqnrDb === undefined ? '' : `${significant(sqnrDb)} dB`,
        [...new Set(notes.filter((note) => note !== undefined))].join('; '),
      ],
    ];
  });
  if (rows.length === 0) return undefined;
  return formatTable(
    [
      { title: 'Layer' },
      { title: 'Operator' },
      { title: 'Precision' },
      { title: 'Zeros', align: 'right' },
      { title: 'SQNR (measured)', align: 'right' },
      { title: '' },
    ],
    rows,
  );
}

/**
 * Kept pieces back to a project, value by value: what another version wrote, or a fault left behind, must never reach
 * the screen. Deep figures are trusted as far as their outline is right; recipes and descriptions are parsed like any
 * file's. It must not know browsers.
 */
import { parseDataConfig } from '../../core/dataset/parse.ts';
import type { DataConfig } from '../../core/dataset/types.ts';
import type { Goal } from '../../core/goal/types.ts';
import { PareError } from '../../core/errors.ts';
import { parseRecipe } from '../../core/recipe/parse.ts';
import type { RecipeStep } from '../../core/recipe/types.ts';
import { EMPTY_RECIPE } from '../store/recipe-edit.ts';
import type { RecipeDraft } from '../store/recipe-edit.ts';
import type { CostAxis, GainAxis, ViewState } from '../store/state.ts';
import {
  HEAD,
  RECORD_VERSION,
  costsPiece,
  entryPiece,
  profilePiece,
  sensitivityPiece,
} from './project-record.ts';
import type { KeptData, KeptEntry, KeptModel, ProjectHead } from './project-record.ts';
import type { CostSummary, ProfileResult } from '../../core/profile/types.ts';
import type { SensitivityReport } from '../../core/search/types.ts';
import type { CalibrationInfo } from '../../worker/api.ts';

export interface KeptProject {
  readonly head: ProjectHead;
  readonly entries: readonly KeptEntry[];
  readonly costs: Readonly<Record<string, CostSummary>>;
  readonly profiles: Readonly<Record<string, ProfileResult>>;
  readonly sensitivity: SensitivityReport | null;
}

type Plain = Readonly<Record<string, unknown>>;

/**
 * Null where nothing is kept. Entries that cannot be read are left out: they are made again from their recipes.
 * @throws PareError `data-invalid` when the project as a whole cannot be read
 */
export function parseProject(pieces: ReadonlyMap<string, unknown>): KeptProject | null {
  const kept = pieces.get(HEAD);
  if (kept === undefined) return null;
  const head = parseHead(kept);
  const { modelId } = head.model;
  const entries: KeptEntry[] = [];
  const costs: Record<string, CostSummary> = {};
  const profiles: Record<string, ProfileResult> = {};
  for (const id of head.entries) {
    const entry = parseEntry(pieces.get(entryPiece(modelId, id)));
    if (entry === null || entry.id !== id) continue;
    entries.push(entry);
    const cost = pieces.get(costsPiece(modelId, id));
    if (isCosts(cost)) costs[id] = cost;
    const profile = pieces.get(profilePiece(modelId, id));
    if (isProfile(profile)) profiles[id] = profile;
  }
  const report = pieces.get(sensitivityPiece(modelId));
  return { head, entries, costs, profiles, sensitivity: isSensitivity(report) ? report : null };
}

function parseHead(kept: unknown): ProjectHead {
  const head = plain(kept, 'head');
  if (head['format'] !== 'pare-project' || head['version'] !== RECORD_VERSION) {
    throw unreadable('it was written by another version of Pare');
  }
  const draft = plain(head['draft'], 'draft');
  const options = plain(head['options'], 'options');
  const view = plain(head['view'], 'view');
  const energy = plain(head['energy'], 'energy');
  if (!isOptions(options)) throw unreadable('its options cannot be read');
  if (typeof energy['targetId'] !== 'string') throw unreadable('its energy settings cannot be read');
  const { layerId, exported } = view;
  const past = list(draft['past']).map(parseDraft);
  const future = list(draft['future']).map(parseDraft);
  return {
    format: 'pare-project',
    version: RECORD_VERSION,
    model: parseModel(head['model']),
    draft: { past, present: parseDraft(draft['present']), future },
    entries: list(head['entries']).map(String),
    currentId: textOrNull(head['currentId']),
    lastId: textOrNull(head['lastId']),
    options: options as unknown as ProjectHead['options'],
    view: {
      tab: choice<ViewState['tab']>(view['tab'], TABS, 'layers'),
      layerId: textOrNull(layerId),
      cost: choice<CostAxis>(view['cost'], ['size', 'latency'], 'size'),
      gain:
        view['gain'] === null ? null : choice<GainAxis>(view['gain'], ['accuracy', 'agreement'], 'accuracy'),
      ...(Array.isArray(exported) ? { exported: exported.map(String) } : {}),
    },
    goal: isGoal(head['goal']) ? head['goal'] : null,
    energy: energy as unknown as ProjectHead['energy'],
    lab: list(head['lab']).filter(isLabLine),
    data: head['data'] === null ? null : parseData(head['data']),
    calibration: isCalibration(head['calibration']) ? head['calibration'] : null,
    calibrated: head['calibrated'] === true,
  };
}

const TABS = ['layers', 'graph', 'profile', 'predictions', 'per-class', 'history', 'steps'] as const;

function parseModel(kept: unknown): KeptModel {
  const model = plain(kept, 'model');
  const { modelId, fileName, sample } = model;
  if (typeof modelId !== 'string' || typeof fileName !== 'string') throw unreadable('its model has no name');
  return { modelId, fileName, sample: sample === true, ...filesOf(model) };
}

function parseData(kept: unknown): KeptData {
  const data = plain(kept, 'data');
  const { dataId, sample, config, proposals, split, duplicates } = data;
  if (typeof dataId !== 'string') throw unreadable('its data have no name');
  return {
    dataId,
    sample: sample === true,
    // A description that cannot be read is proposed again; the rest of the project stays.
    config: isConfig(config) ? config : null,
    proposals: Array.isArray(proposals) ? proposals.filter(isProposal) : null,
    split: isSplit(split) ? split : null,
    duplicates: isDuplicates(duplicates) ? duplicates : null,
    ...filesOf(data),
  };
}

function filesOf({ names, bytes }: Plain): { readonly names: readonly string[]; readonly bytes: number } {
  return { names: list(names).map(String), bytes: typeof bytes === 'number' ? bytes : 0 };
}

/** Null where it cannot be read. */
function parseEntry(kept: unknown): KeptEntry | null {
  if (!isPlain(kept)) return null;
  const { id, recipe, recipeKey, bytes, summary, sequence, measurement, evaluation } = kept;
  const sound =
    typeof id === 'string' &&
    typeof recipeKey === 'string' &&
    typeof bytes === 'number' &&
    typeof sequence === 'number' &&
    typeof kept['evaluated'] === 'boolean' &&
    (summary === null || isVariant(summary)) &&
    (measurement === null || isMeasurement(measurement)) &&
    (evaluation === null || isEvaluation(evaluation)) &&
    ((kept['calibration'] ?? null) === null || isCalibration(kept['calibration'])) &&
    isErrorOrNull(kept['failure']) &&
    isErrorOrNull(kept['evaluationFailure']);
  if (!sound) return null;
  try {
    return { ...(kept as unknown as KeptEntry), recipe: parseRecipe(recipe) };
  } catch {
    return null;
  }
}

function parseDraft(kept: unknown): RecipeDraft {
  const { recipe, parked, simplifyFollows } = plain(kept, 'draft');
  const steps = Object.values(isPlain(parked) ? parked : {});
  return {
    recipe: parseRecipe(recipe),
    // The steps that were switched off are read like a recipe of their own.
    parked: Object.fromEntries(
      parseRecipe({ ...EMPTY_RECIPE, steps }).steps.map((step): [string, RecipeStep] => [step.pass, step]),
    ),
    ...(simplifyFollows === true ? { simplifyFollows } : {}),
  };
}

function isVariant(value: unknown): boolean {
  return isPlain(value) && typeof value['variantId'] === 'string' && Array.isArray(value['steps']);
}

function isMeasurement(value: unknown): boolean {
  return isPlain(value) && Array.isArray(value['notMeasured']) && isPlain(value['machine']);
}

function isEvaluation(value: unknown): boolean {
  if (!isPlain(value) || !isSummary(value['summary']) || !isSummary(value['baseline'])) return false;
  const { comparison } = value;
  if (comparison === null) return true;
  const lists = ['perClass', 'perGroup', 'changed', 'confusionChange'];
  return (
    isPlain(comparison) &&
    isPlain(comparison['interval']) &&
    typeof comparison['sentence'] === 'string' &&
    (comparison['halves'] === undefined || areHalves(comparison['halves'])) &&
    lists.every((name) => every(comparison[name], isFilled))
  );
}

function areHalves(value: unknown): boolean {
  const isPart = (part: unknown): boolean =>
    hasTypes(part, { metric: 'string', value: 'number', n: 'number', sentence: 'string' }) &&
    isPlain(part) &&
    isPlain(part['interval']) &&
    isPlain(part['own']);
  return isPlain(value) && isPart(value['choosing']) && isPart(value['confirming']);
}

function isSummary(value: unknown): boolean {
  const lists = ['perClass', 'confusion', 'failed'];
  return (
    isPlain(value) &&
    typeof value['value'] === 'number' &&
    isPlain(value['metrics']) &&
    lists.every((name) => every(value[name], isFilled))
  );
}

const isFilled = (value: unknown): boolean => typeof value === 'object' && value !== null;

function isErrorOrNull(value: unknown): boolean {
  return value === null || (isPlain(value) && typeof value['message'] === 'string');
}

function isCosts(value: unknown): value is CostSummary {
  return isPlain(value) && typeof value['macs'] === 'number' && every(value['layers'], isPlain);
}

function isCalibration(value: unknown): value is CalibrationInfo {
  return hasTypes(value, { origin: 'string', description: 'string', count: 'number', key: 'string' });
}

function isSensitivity(value: unknown): value is SensitivityReport {
  const texts = { metric: 'string', metricText: 'string', samples: 'number', origin: 'string' } as const;
  return (
    hasTypes(value, texts) &&
    isPlain(value) &&
    every(value['notMeasured'], (one) => hasTypes(one, { layer: 'string', reason: 'string' })) &&
    every(value['layers'], isLayerSensitivity)
  );
}

function isLayerSensitivity(value: unknown): boolean {
  return (
    isPlain(value) &&
    typeof value['layer'] === 'string' &&
    every(value['damages'], (one) =>
      hasTypes(one, { option: 'string', damage: 'number', source: 'string' }),
    ) &&
    every(value['causes'], (one) => hasTypes(one, { id: 'string', text: 'string' })) &&
    every(value['fixes'], isFix)
  );
}

function isFix(value: unknown): boolean {
  return (
    isPlain(value) &&
    hasTypes(value, { label: 'string', predictedGain: 'number', extraBytes: 'number' }) &&
    every(
      value['changes'],
      (one) => hasTypes(one, { pass: 'string' }) && isPlain(one) && isPlain(one['params']),
    )
  );
}

function isProfile(value: unknown): value is ProfileResult {
  return isPlain(value) && every(value['nodes'], isPlain) && every(value['events'], isPlain);
}

function isLabLine(value: unknown): value is ProjectHead['lab'][number] {
  return isPlain(value) && typeof value['entryId'] === 'string' && typeof value['threads'] === 'number';
}

function isConfig(value: unknown): value is DataConfig {
  try {
    parseDataConfig(value);
    return true;
  } catch {
    return false;
  }
}

function isProposal(value: unknown): value is NonNullable<KeptData['proposals']>[number] {
  return (
    isPlain(value) &&
    isConfig(value['config']) &&
    typeof value['evidence'] === 'string' &&
    every(value['attempts'], (attempt) => hasTypes(attempt, { title: 'string', score: 'number' })) &&
    every(value['problems'], isProblem)
  );
}

function isProblem(value: unknown): boolean {
  const texts = hasTypes(value, { severity: 'string', code: 'string', message: 'string', count: 'number' });
  return texts && isPlain(value) && every(value['examples'], isText);
}

function isSplit(value: unknown): value is NonNullable<KeptData['split']> {
  return (
    isPlain(value) &&
    hasTypes(value['counts'], { evaluation: 'number', calibration: 'number', 'hold-back': 'number' }) &&
    every(value['problems'], isProblem)
  );
}

function isDuplicates(value: unknown): value is NonNullable<KeptData['duplicates']> {
  return (
    isPlain(value) &&
    hasTypes(value, { checked: 'number', total: 'number' }) &&
    every(value['groups'], (group) => isPlain(group) && every(group['keys'], isText)) &&
    every(value['removable'], isText)
  );
}

const isText = (value: unknown): boolean => typeof value === 'string';

function every(value: unknown, test: (element: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(test);
}

function hasTypes(value: unknown, types: Readonly<Record<string, 'string' | 'number'>>): boolean {
  return isPlain(value) && Object.entries(types).every(([key, type]) => typeof value[key] === type);
}

function isGoal(value: unknown): value is Goal {
  return (
    isPlain(value) && typeof value['objective'] === 'string' && typeof value['neverSlower'] === 'boolean'
  );
}

function isOptions({ provider, threads, seed, dimensions, budgetMillis }: Plain): boolean {
  const numbers = [threads, seed, budgetMillis].every((value) => typeof value === 'number');
  return (provider === 'wasm' || provider === 'webgpu') && numbers && isPlain(dimensions);
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function plain(value: unknown, what: string): Plain {
  if (!isPlain(value)) throw unreadable(`its ${what} cannot be read`);
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw unreadable('a list of it cannot be read');
  return value as readonly unknown[];
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function choice<T extends string>(value: unknown, options: readonly T[], otherwise: T): T {
  return options.find((option) => option === value) ?? otherwise;
}

function unreadable(why: string): PareError {
  return new PareError(
    'data-invalid',
    `The project that was kept in this browser could not be read: ${why}.`,
    {
      hint: 'Open the model again; the file itself is untouched.',
    },
  );
}

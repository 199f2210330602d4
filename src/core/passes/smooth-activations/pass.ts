/**
 * Pass smooth-activations: between a normalization and the linear layers that read it, channel j of the activations is
 * divided by s_j and the weights that meet it are multiplied by it (factors.ts has the maths). s is a power of two, so
 * that outputs stay equal to the bit. It must not know quantizers.
 */
import { floatTensor } from '../../onnx/build.ts';
import { openDraft } from '../../onnx/draft.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import { listWeights, readWeight, replaceWeight } from '../../onnx/weights.ts';
import type { LinearLayer } from '../linear-layer.ts';
import { withDefaults } from '../params.ts';
import type { LayerChange, ParamValues, Pass, PassOutcome } from '../types.ts';
import { awqExponents, smoothExponents } from './factors.ts';
import type { ReaderWeights } from './factors.ts';
import { smoothActivationsMeta } from './meta.ts';
import { smoothSites } from './sites.ts';
import type { SmoothSite } from './sites.ts';

export const smoothActivationsPass: Pass = {
  meta: smoothActivationsMeta,
  declare(model) {
    const draft = openDraft(model);
    const { sites } = smoothSites(listWeights(model, draft), draft.main);
    return { of: 'floats', channels: sites.map(channelsOf) };
  },
  async run(model, params, _layers, context): Promise<PassOutcome> {
    await context.checkpoint(0, 'looking for normalizations');
    const draft = openDraft(model);
    const { sites, refused } = smoothSites(listWeights(model, draft), draft.main);
    if (sites.length === 0 || context.calibration === undefined) {
      const note =
        sites.length === 0
          ? 'no normalization that a factor can be folded into'
          : 'no runtime to measure with';
      return { model, changed: [], skipped: refused, facts: { 'places smoothed': 0, note } };
    }
    const { samples } = context.calibration;
    const request = { of: 'floats' as const, channels: sites.map(channelsOf) };
    const statistics = await context.calibration.statistics(model, request, (f, doing) =>
      context.checkpoint(f / 2, doing),
    );
    const values = withDefaults(smoothActivationsMeta, params);
    const changed: LayerChange[] = [];
    const skipped = [...refused];
    let smoothed = 0;
    for (const [i, site] of sites.entries()) {
      await context.checkpoint(0.5 + i / sites.length / 2, `smoothing ${site.value}`);
      const figures = statistics.channels.get(site.value);
      if (figures?.absmax.length !== site.channels) {
        const why = statistics.missing.get(site.value) ?? 'its channels could not be measured';
        skipped.push(...site.readers.map(({ layer }) => ({ layer: layer.id, reason: why })));
        continue;
      }
      const exponents = exponentsFor(site, figures, values);
      if (exponents.every((e) => e === 0)) continue;
      move(draft.main, site, exponents);
      smoothed++;
      const most = exponents.reduce((a, e) => Math.max(a, Math.abs(e)), 0);
      for (const { layer } of site.readers) {
        changed.push({ layer: layer.id, note: `input channels scaled by up to 2^${most}` });
      }
    }
    return {
      model: changed.length === 0 ? model : draft.finish(),
      changed,
      skipped,
      facts: {
        'places smoothed': smoothed,
        measured: `on ${statistics.channelSamples} ${samples.origin === 'samples' ? 'samples' : 'made-up inputs'}`,
      },
    };
  },
};

const channelsOf = ({ value }: SmoothSite): { value: string; axis: number } => ({ value, axis: -1 });

function exponentsFor(
  site: SmoothSite,
  { absmax, meanSquare }: { absmax: Float32Array; meanSquare: Float32Array },
  values: ParamValues,
): Int32Array {
  const readers = site.readers.map(weightsOf);
  return values['method'] === 'awq'
    ? awqExponents(meanSquare, readers)
    : smoothExponents(absmax, readers, Number(values['strength']));
}

function floatsOf({ layer }: LinearLayer): Float32Array {
  const values = readWeight(layer.tensor);
  if (values === undefined) throw new Error(`the values of ${layer.id} do not fit its shape`);
  return values;
}

/** The matrix as rows of output channels, whichever way it is stored. */
function weightsOf(linear: LinearLayer): ReaderWeights {
  const values = floatsOf(linear);
  const { inputs, outputs } = linear;
  const turned = linear.outputOf(inputs === 1 ? 0 : 1) === 0 && linear.inputOf(1) === 1;
  return {
    rows: outputs,
    columns: inputs,
    at: turned ? (r, j) => values[r * inputs + j] : (r, j) => values[j * outputs + r],
  };
}

function move(main: GraphEditor, site: SmoothSite, exponents: Int32Array): void {
  for (const { node, input, dims, values } of site.producers) {
    const current = main.current(node);
    if (current === undefined) throw new Error(`${node.opType} before ${site.value} is gone`);
    const old = current.inputs[input] ?? '';
    // Other normalizations may read the same constant.
    const name = main.freshName(`${old}_smoothed`);
    main.setInitializer(
      floatTensor(
        name,
        dims,
        values.map((v, j) => v * 2 ** -exponents[j]),
      ),
    );
    main.replaceNode(current, { ...current, inputs: current.inputs.with(input, name) });
    if (main.uses(old).length === 0 && main.initializers.has(old)) {
      main.removeInitializer(old);
      main.removeInput(old);
    }
  }
  for (const reader of site.readers) {
    const { tensor } = reader.layer;
    const scaled = floatsOf(reader).map((w, i) => w * 2 ** exponents[reader.inputOf(i)]);
    replaceWeight(main, reader.layer, {
      ...floatTensor(tensor.name, tensor.dims, scaled),
      docString: tensor.docString,
    });
  }
}

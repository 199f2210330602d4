/** The help text of the command line. It must not know how arguments are read. */
import { DEFAULT_CALIBRATION_SAMPLES } from '../core/recipe/types.ts';
import { PRESETS } from '../core/recipe/presets.ts';
import { LAYER_OPTIONS } from '../core/search/types.ts';
import {
  DEFAULT_BUDGET_SECONDS,
  DEFAULT_SENSITIVITY_OPTIONS,
  DEFAULT_SENSITIVITY_SAMPLES,
} from './defaults.ts';

export const HELP = `Pare makes ONNX models smaller and measures what that costs.

pare inspect MODEL [--json]
    What is in the model: its layers, their weights, what can be compressed.

pare optimize MODEL --recipe FILE|PRESET -o OUT [--data PATH] [--json]
    Applies a recipe and writes the smaller model. The same model, recipe and data give
    the same bytes as in the page. A recipe is a JSON file saved by the page, or a preset:
    ${Object.keys(PRESETS).join(', ')}.
    --data PATH    the set whose calibration part methods may look at; without it they look
                   at made-up inputs, and the report says so
    --data-config FILE  as for measure; absent = the one in the recipe, else found by trying
    --calibration N  at most N samples are looked at (default: the recipe's, else ${DEFAULT_CALIBRATION_SAMPLES})
    --target ID    where the model will run (pare targets lists them; default: the recipe's)

pare tune MODEL --data PATH [--max-loss X] [--max-bytes N] [--min-speedup X] [--json]
    Finds a precision for each layer so that a goal is met, and measures the likeliest recipes.
    --max-loss X   of accuracy, 0.5pt or 0.005
    --max-bytes N  2MB, 500kB or bytes
    --min-speedup X  1.5 = one and a half times as fast as the original
    -o OUT         writes the best model; --recipe-out FILE writes its recipe
    --options LIST  precisions to choose from: ${LAYER_OPTIONS.join(', ')}
    --data-config, --calibration, --target as for optimize; --threads, --seed as for measure

pare sensitivity MODEL [--data PATH] [--json]
    What each layer in each precision does to the outputs, with causes and fixes.
    --options LIST  precisions to try (default ${DEFAULT_SENSITIVITY_OPTIONS.join(',')})
    --samples N    samples that are run (default ${DEFAULT_SENSITIVITY_SAMPLES})
    --data-config, --calibration, --target as for optimize; --seed as for measure

pare doctor MODEL [--against ORIGINAL] [--target ID] [--data PATH] [--json]
    Hazards of a model for where it will run: what, where, why it matters, the fix.
    Against its original, also whether both give the same; with data (the calibration part of a
    set), how large activations really get. Ends with exit code 5 when it finds an error.

pare targets [--json]
    Where a model may run, and what each place executes and refuses.

pare measure MODEL [--against ORIGINAL] [--data PATH] [--json]
    Runs the model in onnxruntime-web: latency and memory; against the original also how far
    their outputs agree. With labelled data: accuracy of both on the same samples, and the
    difference with its 95 % interval.
    --data PATH    a file or folder of the set (zip or folder of images, npz, npy, csv,
                   IDX, wav, text); repeatable: files that belong together
    --data-config FILE  how the data fits the model, saved by the page or by pare data;
                   without it the likeliest fit is found by trying
    --part NAME    evaluation (default), calibration or hold-back
    --threads N    threads of the runtime (default 1)
    --dim NAME=N   value of a free dimension, by its name or as input:axis; repeatable
    --seed N       seed of everything that is drawn (default 1)
    --budget S     at most S seconds of latency runs (default ${DEFAULT_BUDGET_SECONDS})

pare data PATH... [--for MODEL] [-o CONFIG] [--json]
    What is in the data: samples, classes, copies, what cannot be read; for a model also
    how the data fits it, found by trying, with the evidence.
    -o CONFIG      writes the proposed description to a file for --data-config

pare profile MODEL [-o TRACE] [--json]
    Time of each operator by the runtime's own profile, operations and activation memory.
    -o TRACE       writes the runs as a Chrome trace for Perfetto or TensorBoard
    --threads, --dim, --seed, --budget as for measure

--json prints one JSON object on stdout; errors are {"error":{code,message,at,hint}}.
Exit codes: 0 done, 1 internal error, 2 bad usage, 3 bad model, 4 unsupported,
5 pare doctor found an error.
`;

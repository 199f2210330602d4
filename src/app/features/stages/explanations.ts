/** The words for whoever does this for the first time. Text only. */
import type { StageId } from './stages.ts';

interface Explanation {
  /** As in "What is …?". */
  readonly name: string;
  readonly what: string;
  readonly helps: string;
  readonly costs: string;
}

export const EXPLANATIONS: Readonly<Record<StageId, Explanation>> = {
  model: {
    name: 'the model',
    what: 'The ONNX file that you opened: a graph of operations and the weights they use. It stays as it is; every change is made to a copy.',
    helps:
      'Look here first when something is odd: inputs, outputs and remarks tell how the file was exported.',
    costs: 'Nothing. It is read on this machine and sent nowhere.',
  },
  goal: {
    name: 'a goal',
    what: 'What you want most (small, fast, frugal or accurate) and the limits that must hold.',
    helps:
      'Each figure then says whether its limit is met, missed, or cannot be told from what was measured.',
    costs: 'Nothing. It changes no file, and you can edit it at any time.',
  },
  data: {
    name: 'data',
    what: 'Your own samples, best with the right answers: a folder or zip of images, arrays, a table, sounds or texts.',
    helps:
      'Without data only the agreement with the original is known. With it you see the accuracy on your task, with an interval.',
    costs:
      'Some minutes of this machine for large sets. Nothing is uploaded. A few hundred labelled samples already tell much.',
  },
  baseline: {
    name: 'the baseline',
    what: 'The original model, measured here: size, speed, memory, and accuracy on your data.',
    helps:
      'Every gain and every loss is counted from it. If it is lower than you know it to be, the data is read wrongly: look there first.',
    costs: 'A few seconds, and one pass over the data.',
  },
  optimize: {
    name: 'optimizing',
    what: 'A recipe of steps that make the file smaller: fewer bits for each weight, weights set to zero, a simpler graph.',
    helps:
      'Start with a preset, then move the sliders. Auto chooses each layer’s precision for your goal; single layers can be set by hand in the table.',
    costs: 'Fewer bits and more zeros cost accuracy, slowly at first. Undo brings every step back.',
  },
  compare: {
    name: 'comparing',
    what: 'Variant and original on the same samples and in interleaved runs. The brackets hold the 95 % interval of the difference.',
    helps:
      'An interval that holds no difference means: this measurement cannot tell. More samples or more time make it narrower.',
    costs: 'As much time as the baseline, for each variant. What was measured before is remembered.',
  },
  export: {
    name: 'exporting',
    what: 'The smaller model as a file, in the format of the original. The recipe can be saved apart.',
    helps:
      'The recipe makes the same bytes again with the command line, and carries the description of your data.',
    costs: 'Nothing is lost: the original file is never touched.',
  },
};

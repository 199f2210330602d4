/** What is right and how it is read from the outputs, checked value by value. It must not know outputs. */
import { defineKey } from '../json-reader.ts';
import type { JsonReader } from '../json-reader.ts';
import type { DetectionTask, Task } from './types.ts';

const TASK_KINDS = [
  'classification',
  'text',
  'detection',
  'segmentation',
  'regression',
  'agreement',
] as const satisfies Task['kind'][];
const MOST_NAME = 1000;
const MOST_CLASSES = 1_000_000;
const MOST_ROLES = 100;
/** UTF-16 units of one entry of an alphabet: syllables and word pieces are longer than a character. */
const MOST_SYMBOL = 100;

export function parseTask(json: JsonReader, input: unknown, at: string): Task {
  const kind = json.choice(json.record(input, at)['kind'], `${at}.kind`, TASK_KINDS);
  const output = (task: Readonly<Record<string, unknown>>): string =>
    json.text(task['output'], `${at}.output`, MOST_NAME);
  switch (kind) {
    case 'classification': {
      const task = json.record(input, at, ['kind', 'output', 'values', 'classOffset']);
      return {
        kind,
        output: output(task),
        values: json.choice(task['values'], `${at}.values`, ['logits', 'probabilities'] as const),
        classOffset: json.whole(task['classOffset'], `${at}.classOffset`, -MOST_CLASSES, MOST_CLASSES),
      };
    }
    case 'text': {
      const task = json.record(input, at, ['kind', 'output', 'decode', 'blank', 'alphabet']);
      const alphabet = json
        .list(task['alphabet'], `${at}.alphabet`, MOST_CLASSES)
        .map((symbol, i) => json.text(symbol, `${at}.alphabet[${i}]`, MOST_SYMBOL));
      return {
        kind,
        output: output(task),
        decode: json.choice(task['decode'], `${at}.decode`, ['ctc'] as const),
        blank: json.whole(task['blank'], `${at}.blank`, 0, alphabet.length),
        alphabet,
      };
    }
    case 'detection':
      return detectionTask(json, input, at);
    case 'segmentation': {
      const task = json.record(input, at, ['kind', 'output', 'ignore']);
      const ignore = task['ignore'];
      return {
        kind,
        output: output(task),
        ...(ignore === undefined
          ? {}
          : { ignore: json.whole(ignore, `${at}.ignore`, -MOST_CLASSES, MOST_CLASSES) }),
      };
    }
    case 'regression':
      return { kind, output: output(json.record(input, at, ['kind', 'output'])) };
    case 'agreement':
      json.record(input, at, ['kind']);
      return { kind };
    default:
      return kind satisfies never;
  }
}

function detectionTask(json: JsonReader, input: unknown, at: string): DetectionTask {
  const task = json.record(input, at, ['kind', 'decoder', 'outputs', 'scoreThreshold', 'nmsIou']);
  const roles = Object.entries(json.record(task['outputs'], `${at}.outputs`));
  if (roles.length > MOST_ROLES) {
    throw json.invalid(
      `${at}.outputs`,
      `${roles.length} outputs were found, at most ${MOST_ROLES} are taken`,
    );
  }
  const outputs: Record<string, string> = {};
  for (const [role, name] of roles) {
    defineKey(
      outputs,
      role,
      json.text(name, `${at}.outputs[${JSON.stringify(role.slice(0, MOST_NAME))}]`, MOST_NAME),
    );
  }
  return {
    kind: 'detection',
    decoder: json.choice(task['decoder'], `${at}.decoder`, ['boxes', 'yunet', 'ssd'] as const),
    outputs,
    scoreThreshold: json.number(task['scoreThreshold'], `${at}.scoreThreshold`, 0, 1),
    nmsIou: json.number(task['nmsIou'], `${at}.nmsIou`, 0, 1),
  };
}

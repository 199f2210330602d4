/** Text as token ids by the user's own tokenizer.json. It must not know models. */
import { Tokenizer } from '@huggingface/tokenizers';
import type { TextFit } from '../../core/dataset/types.ts';
import { PareError } from '../../core/errors.ts';
import { encode, store } from './values.ts';
import type { FeedType, ValueArray } from './values.ts';

/** Ids of one text of any length, cut so that the marks at its ends stay. */
export interface TextEncoder {
  encode(text: string, length: number): { readonly ids: readonly number[]; readonly used: number };
}

/** @throws PareError `data-invalid` when there is no usable tokenizer.json among the files. */
export function createTextEncoder(texts: ReadonlyMap<string, string>): TextEncoder {
  const json = findText(texts, 'tokenizer.json');
  if (json === undefined) {
    throw new PareError(
      'data-invalid',
      'Text needs the tokenizer of the model, and there is no tokenizer.json.',
      {
        hint: 'Add the tokenizer.json that belongs to the model.',
      },
    );
  }
  const description = parse(json, 'tokenizer.json');
  const config = findText(texts, 'tokenizer_config.json');
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(
      description,
      config === undefined ? {} : parse(config, 'tokenizer_config.json'),
    );
  } catch (cause) {
    throw new PareError('data-invalid', `The tokenizer.json cannot be used (${words(cause)}).`, { cause });
  }
  const pad = padId(description, tokenizer);
  return {
    encode(text, length) {
      const all = tokenizer.encode(text).ids;
      const ids = all.length <= length ? all : shortened(tokenizer, text, all, length);
      return { ids: [...ids, ...new Array<number>(length - ids.length).fill(pad)], used: ids.length };
    },
  };
}

/** Cuts inside the marks that the tokenizer puts around a text ([CLS] … [SEP]). */
function shortened(tokenizer: Tokenizer, text: string, all: number[], length: number): number[] {
  const inner = tokenizer.encode(text, { add_special_tokens: false }).ids.length;
  const marks = all.length - inner;
  const bare = tokenizer.encode('').ids.length;
  if (marks <= 0 || marks !== bare || marks >= length) return all.slice(0, length);
  // Where the text starts among the marks: the first position at which a shorter text differs.
  const before = marksBefore(tokenizer, all, marks);
  const after = marks - before;
  return [...all.slice(0, length - after), ...all.slice(all.length - after)];
}

function marksBefore(tokenizer: Tokenizer, all: readonly number[], marks: number): number {
  const empty = tokenizer.encode('').ids;
  let before = 0;
  while (before < marks && empty[before] === all[before]) before++;
  return before;
}

function padId(description: Record<string, unknown>, tokenizer: Tokenizer): number {
  const padding = description['padding'];
  if (typeof padding === 'object' && padding !== null && 'pad_id' in padding) return Number(padding.pad_id);
  for (const token of ['[PAD]', '<pad>', '<|endoftext|>']) {
    const id = tokenizer.token_to_id(token);
    if (id !== undefined) return id;
  }
  return 0;
}

function findText(texts: ReadonlyMap<string, string>, name: string): string | undefined {
  for (const [path, text] of texts) if (path === name || path.endsWith(`/${name}`)) return text;
  return undefined;
}

function parse(json: string, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new PareError('data-invalid', `${name} is no JSON (${words(cause)}).`, { cause });
  }
  throw new PareError('data-invalid', `${name} holds no description of a tokenizer.`);
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Writes one text at `at`. */
export function writeText(
  text: string,
  encoder: TextEncoder,
  fit: TextFit,
  type: FeedType,
  out: ValueArray,
  at: number,
): void {
  const { ids, used } = encoder.encode(text, fit.length);
  for (let i = 0; i < fit.length; i++) store(out, at + i, encode(type, roleValue(fit.role, ids[i], i, used)));
}

function roleValue(role: TextFit['role'], id: number, position: number, used: number): number {
  switch (role) {
    case 'ids':
      return id;
    case 'mask':
      return position < used ? 1 : 0;
    case 'types':
      return 0;
    case 'positions':
      return position;
    default:
      return role satisfies never;
  }
}

/** Files that are not models, or not whole ones: what each is, and the code that the page must answer with. */
import { gzipSync } from 'node:zlib';
import type { DroppedFile } from './studio-page.ts';

export interface BadFile {
  readonly title: string;
  readonly files: readonly DroppedFile[];
  /** Any of these is a right answer; the first is the one expected. */
  readonly codes: readonly string[];
}

const text = (name: string, content: string): DroppedFile => ({ name, bytes: Buffer.from(content) });

/** `model` is a good file, to be cut and wrapped. */
export function badFiles(model: DroppedFile): readonly BadFile[] {
  const cut = model.bytes.subarray(0, Math.floor(model.bytes.length * 0.6));
  const lfs =
    'version https://git-lfs.github.com/spec/v1\n' +
    'oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n';
  return [
    {
      title: 'a text file named .onnx',
      files: [text('notes.onnx', 'Buy milk.\nCall the dentist.\n')],
      codes: ['not-onnx', 'other-format', 'malformed'],
    },
    { title: 'a file of 0 bytes', files: [text('empty.onnx', '')], codes: ['empty-file'] },
    { title: 'a Git LFS pointer', files: [text('model.onnx', lfs)], codes: ['git-lfs-pointer'] },
    {
      title: 'an HTML page',
      files: [text('model.onnx', '<!DOCTYPE html><html><title>404</title><p>Not found</p></html>\n')],
      codes: ['html-page'],
    },
    {
      title: 'a gzip of a model',
      files: [{ name: 'model.onnx', bytes: gzipSync(model.bytes.subarray(0, 4096)) }],
      codes: ['compressed'],
    },
    {
      title: 'a TFLite model',
      files: [
        {
          name: 'model.tflite',
          bytes: Buffer.from('\x1c\0\0\0TFL3\x14\0\x20\0\x1c\0\x18\0\x14\0\x10\0', 'latin1'),
        },
      ],
      codes: ['other-format'],
    },
    {
      title: 'a model cut off at 60 %',
      files: [{ name: 'cut.onnx', bytes: cut }],
      codes: ['truncated', 'malformed'],
    },
    {
      title: 'ten models at once',
      files: Array.from({ length: 10 }, (_, i) => ({ name: `model${i}.onnx`, bytes: model.bytes })),
      codes: ['several-models'],
    },
  ];
}

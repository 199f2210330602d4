/** Says what a file is that is no ONNX model, so that the error can name it. It must not parse anything. */
import type { ByteSource } from '../bytes/source.ts';
import { PareError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';

interface Magic {
  readonly at: number;
  /** Bytes as Latin-1 text. */
  readonly bytes: string;
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint: string;
}

const unpack = 'Unpack it and open the .onnx file inside.';
const convert = 'Convert it to ONNX first, then open the result.';
const magic = (at: number, bytes: string, code: ErrorCode, what: string, hint: string): Magic => ({
  at,
  bytes,
  code,
  what,
  hint,
});

const MAGICS: readonly Magic[] = [
  magic(0, '\x1f\x8b', 'compressed', 'a gzip archive', unpack),
  magic(0, '7z\xbc\xaf\x27\x1c', 'compressed', 'a 7z archive', unpack),
  magic(0, '\xfd7zXZ\0', 'compressed', 'an xz archive', unpack),
  magic(0, '\x28\xb5\x2f\xfd', 'compressed', 'a Zstandard archive', unpack),
  magic(0, 'BZh', 'compressed', 'a bzip2 archive', unpack),
  magic(0, 'Rar!\x1a\x07', 'compressed', 'a RAR archive', unpack),
  magic(257, 'ustar', 'compressed', 'a tar archive', unpack),
  magic(
    4,
    'TFL3',
    'other-format',
    'a TensorFlow Lite model',
    'Convert it with tf2onnx, then open the result.',
  ),
  magic(4, 'ORTM', 'other-format', 'a model in ORT format', 'Open the .onnx file that it was made from.'),
  magic(
    0,
    '\x89HDF\r\n\x1a\n',
    'other-format',
    'an HDF5 file (Keras)',
    'Convert it with tf2onnx, then open the result.',
  ),
  magic(0, '\x93NUMPY', 'other-format', 'a NumPy array', 'Open a model; arrays are data.'),
  magic(0, 'GGUF', 'other-format', 'a GGUF model', convert),
  magic(0, 'CAFF', 'other-format', 'a Core Audio file', 'Open an ONNX model.'),
  magic(0, '%PDF', 'other-format', 'a PDF document', 'Open an ONNX model.'),
  magic(0, '\x89PNG', 'other-format', 'a PNG image', 'Open a model; images are data.'),
  magic(0, '\xff\xd8\xff', 'other-format', 'a JPEG image', 'Open a model; images are data.'),
  magic(0, 'RIFF', 'other-format', 'a RIFF file (WAV, WebP)', 'Open a model; sounds and images are data.'),
  magic(0, '\x7fELF', 'other-format', 'a program', 'Open an ONNX model.'),
  magic(0, '\0asm', 'other-format', 'a WebAssembly module', 'Open an ONNX model.'),
];

/** Enough for every signature, a zip's first names and a text's first lines. */
const HEAD_BYTES = 1024;

/** @throws PareError `empty-file`, `git-lfs-pointer`, `html-page`, `compressed`, `other-format` */
export function refuseOtherFormats(source: ByteSource): void {
  if (source.size === 0) {
    throw new PareError('empty-file', 'The file is empty (0 bytes).', {
      hint: 'Download or export the model again.',
    });
  }
  const head = source.read(0, Math.min(HEAD_BYTES, source.size));
  const text = latin1(head);
  refuseText(text);
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) throw zipError(text);
  if (isPickle(head)) {
    throw other('a Python pickle (PyTorch)', 'Export it with torch.onnx.export, then open the result.');
  }
  if (/^[^]{8}\{"/.test(text) && text.slice(4, 8) === '\0\0\0\0') {
    throw other(
      'a safetensors file: weights without a graph',
      'Export the model to ONNX, then open the result.',
    );
  }
  for (const m of MAGICS) {
    if (text.startsWith(m.bytes, m.at)) {
      throw new PareError(m.code, `The file is ${m.what}, not an ONNX model.`, {
        at: 'byte 0',
        hint: m.hint,
      });
    }
  }
}

function refuseText(text: string): void {
  const start = text.replace(/^(\xef\xbb\xbf)?\s*/, '');
  if (start.startsWith('version https://git-lfs')) {
    const size = /^size (\d+)/m.exec(start)?.[1];
    const expected = size === undefined ? '' : ` (the model itself has ${size} bytes)`;
    throw new PareError('git-lfs-pointer', `The file is a Git LFS pointer, not the model${expected}.`, {
      at: 'byte 0',
      hint: 'Run "git lfs pull" in the repository, or download the file with its "raw" or "download" link.',
    });
  }
  if (/^<(!doctype html|html|head|body|\?xml|!--)/i.test(start)) {
    throw new PareError('html-page', 'The file is a web page, not a model.', {
      at: 'byte 0',
      hint: 'The download gave an error or a login page. Open the link in a browser and save the model itself.',
    });
  }
  if (/^[\t\n\r -~]{16,}$/.test(text)) {
    const json = /^[{[]/.test(start);
    throw other(json ? 'JSON text' : 'plain text', 'Open a file that ends in .onnx.');
  }
}

function zipError(text: string): PareError {
  if (/data\.pkl|archive\/|\.data\/serialization_id|constants\.pkl/.test(text)) {
    return other('a PyTorch checkpoint', 'Export it with torch.onnx.export, then open the result.');
  }
  if (/config\.json|model\.weights\.h5/.test(text))
    return other('a Keras model', 'Convert it with tf2onnx, then open the result.');
  if (/\.npy/.test(text)) return other('a NumPy archive (npz)', 'Open a model; arrays are data.');
  return new PareError('compressed', 'The file is a zip archive, not an ONNX model.', {
    at: 'byte 0',
    hint: unpack,
  });
}

function other(what: string, hint: string): PareError {
  return new PareError('other-format', `The file is ${what}, not an ONNX model.`, { at: 'byte 0', hint });
}

/** PROTO 2 to 5, then the first opcode of what torch.save and pickle write. */
function isPickle(head: Uint8Array): boolean {
  return (
    head.byteLength > 2 && head[0] === 0x80 && head[1] >= 2 && head[1] <= 5 && PICKLE_OPCODES.has(head[2])
  );
}

const PICKLE_OPCODES: ReadonlySet<number> = new Set([
  0x8a,
  0x95,
  ...['}', ']', 'c', '(', 'X'].map((c) => c.charCodeAt(0)),
]);

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const b of bytes) text += String.fromCharCode(b);
  return text;
}

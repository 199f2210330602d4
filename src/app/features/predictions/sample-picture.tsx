/** One sample as a small picture on a canvas: RGBA needs no file and no address, so nothing has to be decoded again. */
import { useEffect, useRef } from 'react';
import type { ReactElement } from 'react';
import type { Thumbnail } from '../../../worker/api.ts';

export function SamplePicture({
  thumbnail,
  label,
}: {
  /** Undefined = still to come, null = there is none. */
  readonly thumbnail: Thumbnail | null | undefined;
  /** What can be seen, in words. */
  readonly label: string;
}): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = thumbnail?.picture ?? null;
  useEffect(() => {
    const context = canvas.current?.getContext('2d') ?? null;
    if (picture === null || context === null) return;
    context.canvas.width = picture.width;
    context.canvas.height = picture.height;
    const pixels = new ImageData(new Uint8ClampedArray(picture.rgba), picture.width, picture.height);
    context.putImageData(pixels, 0, 0);
  }, [picture]);
  if (picture !== null)
    return <canvas ref={canvas} className="sample-picture" role="img" aria-label={label} />;
  const text = thumbnail?.text ?? null;
  return (
    <div className="sample-picture sample-text" role="img" aria-label={label}>
      {text === null ? (thumbnail === undefined ? '…' : '–') : text}
    </div>
  );
}

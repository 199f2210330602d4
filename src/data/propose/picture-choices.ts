/**
 * The customary ways to turn a picture into a model's input: how pixels become values, and how a picture is brought to
 * size. The likelier first, because where a set cannot tell two apart the first is proposed. It must not know sets.
 */
import type { ImageFit } from '../../core/dataset/types.ts';

type Values = Pick<ImageFit, 'channels' | 'scale' | 'mean' | 'std'>;
type Size = Pick<ImageFit, 'width' | 'height' | 'resize' | 'shortSide' | 'padValue'>;

export interface Choice<T> {
  readonly title: string;
  readonly value: T;
  /** Channels in another order than in the first choice. */
  readonly reordered?: boolean;
}

/** What the model and its labels are about, as far as it changes what is customary. */
export type Custom = 'plain' | 'paddle-text' | 'yunet' | 'ssd' | 'detection' | 'segmentation';

interface Scaling {
  readonly title: string;
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** The channel order that the numbers are given in. */
  readonly order?: 'bgr';
}

const unit: Scaling = { title: '0..1', scale: 1 / 255, mean: [0], std: [1] };
const signed: Scaling = { title: '−1..1', scale: 1, mean: [127.5], std: [127.5] };
const raw: Scaling = { title: '0..255', scale: 1, mean: [0], std: [1] };
/** Source: torchvision, models trained on ImageNet. */
const imagenet: Scaling = {
  title: 'ImageNet mean and deviation',
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
/** Source: BVLC Caffe, mean of ILSVRC 2012, blue first. */
const caffe: Scaling = {
  title: 'mean taken away (Caffe)',
  scale: 1,
  mean: [103.94, 116.78, 123.68],
  std: [1],
  order: 'bgr',
};
/** Source: the mean and deviation of CIFAR-10's training pictures, as most of its models use them. */
const cifar: Scaling = {
  title: 'CIFAR mean and deviation',
  scale: 1 / 255,
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
};
/** Source: PyTorch's MNIST example. */
const mnist: Scaling = { title: 'MNIST mean and deviation', scale: 1 / 255, mean: [0.1307], std: [0.3081] };
/** Source: Ultra-Light-Fast-Generic-Face-Detector-1MB. */
const ultraLight: Scaling = { title: '(pixel − 127) / 128', scale: 1, mean: [127], std: [128] };

/** @param bytes the input takes whole numbers: pixels as they are, or shifted where it has a sign. */
export function valueChoices(
  custom: Custom,
  channels: 1 | 3,
  width: number,
  bytes: 'unsigned' | 'signed' | null,
): Choice<Values>[] {
  if (bytes !== null) {
    const scaling = bytes === 'unsigned' ? raw : { ...raw, title: '−128..127', mean: [128] };
    return inOrders([scaling], channels === 1 ? ['gray'] : ['rgb', 'bgr']);
  }
  if (channels === 1) return inOrders([unit, raw, signed, mnist], ['gray']);
  switch (custom) {
    case 'paddle-text':
      return inOrders([signed, unit, imagenet, raw], ['bgr', 'rgb']);
    case 'yunet':
      return inOrders([raw, unit, signed], ['bgr', 'rgb']);
    case 'ssd':
      return inOrders([ultraLight, unit, raw, imagenet], ['rgb', 'bgr']);
    case 'detection':
    case 'segmentation':
      return inOrders([unit, imagenet, raw, signed], ['rgb', 'bgr']);
    case 'plain':
      return inOrders([unit, signed, imagenet, raw, ...(width <= 32 ? [cifar] : [caffe])], ['rgb', 'bgr']);
    default:
      return custom satisfies never;
  }
}

function inOrders(scalings: readonly Scaling[], orders: readonly ImageFit['channels'][]): Choice<Values>[] {
  return orders.flatMap((channels) =>
    scalings.map(({ title, scale, mean, std, order }) => {
      // Means are given for one order of channels and apply to the same colours in the other.
      const turned = channels !== 'gray' && (channels === 'bgr') !== (order === 'bgr');
      const arrange = (values: readonly number[]): readonly number[] =>
        turned && values.length === 3 ? values.toReversed() : values;
      return {
        title: `${title}${channels === 'bgr' ? ', BGR' : ''}`,
        value: { channels, scale, mean: arrange(mean), std: arrange(std) },
        reordered: channels !== orders[0],
      };
    }),
  );
}

/** Short side : crop in the usual evaluation on ImageNet. Source: Krizhevsky et al. 2012, 256 and 224 pixels. */
const SHORT_SIDE_RATIO = 256 / 224;

/** @param exact every picture has exactly this size already. */
export function sizeChoices(custom: Custom, width: number, height: number, exact: boolean): Choice<Size>[] {
  const size = { width, height };
  const none: Choice<Size> = { title: 'as it is', value: { ...size, resize: 'none' } };
  const stretch: Choice<Size> = { title: 'stretched', value: { ...size, resize: 'stretch' } };
  const pad: Choice<Size> = { title: 'whole, padded', value: { ...size, resize: 'pad' } };
  if (exact) return [none];
  // Boxes are mapped back through any fit; masks are compared pixel by pixel, so that nothing may be cut.
  if (custom === 'segmentation') return [stretch];
  if (custom === 'paddle-text') return [pad, stretch];
  if (custom !== 'plain') return [stretch, pad];
  const side = Math.min(width, height);
  const crop = (shortSide: number): Choice<Size> => ({
    title: `short side ${shortSide}, centre cut out`,
    value: { ...size, resize: 'crop', shortSide },
  });
  const crops = [crop(Math.round(side * SHORT_SIDE_RATIO)), crop(side)];
  return width === height ? [...crops, stretch, pad] : [stretch, ...crops, pad];
}

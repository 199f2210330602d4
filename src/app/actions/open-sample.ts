/** Opens the bundled sample, which brings labelled images. */
import type { Action } from './types.ts';

export const openSampleAction: Action = {
  id: 'open-sample',
  label: 'Open the digits sample',
  shortcuts: [],
  enabled: (state) => !state.sample,
  perform: ({ pipeline }) => pipeline.openSample(),
};

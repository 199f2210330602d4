/** Saves how the data is read as JSON, for the command line or another project. The data itself is not in it. */
import { stringifyDataConfig } from '../../core/dataset/parse.ts';
import { announce } from '../store/notices.ts';
import type { Action } from './types.ts';

export const saveDataAction: Action = {
  id: 'save-data',
  label: 'Save the data description',
  shortcuts: [],
  enabled: (state) => (state.data?.config ?? null) !== null,
  perform: ({ store, page }) => {
    const config = store.getState().data?.config ?? null;
    if (config === null) return;
    const name = `${config.name.replace(/\.zip$/i, '').replace(/[\\/:*?"<>|]+/g, '-') || 'data'}.data.json`;
    page.save(name, new Blob([stringifyDataConfig(config)], { type: 'application/json' }));
    announce(store, `Saved ${name}.`);
  },
};

/** Fetches what the inspector shows of one layer. The last question wins; an older answer is dropped. */
import type { Studio } from '../bridge/studio.ts';
import { ORIGINAL } from './state.ts';
import type { AppStore } from './state.ts';

export function detailKey(variantId: string | null, layerId: string): string {
  return `${variantId ?? ORIGINAL}/${layerId}`;
}

/** The old detail stays on screen until the new one arrives, so that the panel does not flicker while sliders move. */
export async function loadLayerDetail(
  store: AppStore,
  studio: Studio,
  modelId: string,
  variantId: string | null,
  layerId: string,
): Promise<void> {
  const key = detailKey(variantId, layerId);
  store.setState((state) => {
    const before = state.detail;
    const sameLayer = before?.detail?.layerId === layerId;
    return { detail: { key, detail: sameLayer ? before.detail : null, error: null } };
  });
  const result = await studio.layerDetail(modelId, variantId, layerId);
  store.setState((state) => {
    if (state.detail?.key !== key) return {};
    return {
      detail: { key, detail: result.ok ? result.value : null, error: result.ok ? null : result.error },
    };
  });
}

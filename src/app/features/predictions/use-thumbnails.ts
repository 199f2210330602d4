/** Small pictures of the samples in view, asked for once each. */
import { useEffect, useMemo, useState } from 'react';
import type { Thumbnail } from '../../../worker/api.ts';
import { useApp, useAppState } from '../../store/context.ts';

/** Null = asked for, and there is none. */
type Loaded = ReadonlyMap<number, Thumbnail | null>;

const NOTHING: Loaded = new Map();

/** @param side the longer side in device pixels. */
export function useThumbnails(indices: readonly number[], side: number): Loaded {
  const { studio } = useApp();
  const dataId = useAppState((state) => state.data?.summary.dataId ?? null);
  const [cache, setCache] = useState<{ readonly dataId: string | null; readonly loaded: Loaded }>({
    dataId: null,
    loaded: NOTHING,
  });
  const loaded = cache.dataId === dataId ? cache.loaded : NOTHING;
  // A string, so that the effect runs again only when other samples come into view.
  const wanted = useMemo(() => indices.filter((index) => !loaded.has(index)).join(), [indices, loaded]);
  useEffect(() => {
    if (dataId === null || wanted === '') return;
    let current = true;
    const missing = wanted.split(',').map(Number);
    void studio.thumbnails(dataId, missing, side).then((result) => {
      if (!current) return;
      const found = new Map(result.ok ? result.value.map((one) => [one.index, one]) : []);
      setCache((before) => {
        const next = new Map(before.dataId === dataId ? before.loaded : NOTHING);
        for (const index of missing) next.set(index, found.get(index) ?? null);
        return { dataId, loaded: next };
      });
    });
    return () => {
      current = false;
    };
  }, [studio, dataId, wanted, side]);
  return loaded;
}

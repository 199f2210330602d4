/** Whether this machine's browser hands out a graphics adapter: the interface may be there without one. It must not know runtimes. */
import { useEffect, useState } from 'react';

type GpuState = 'asking' | 'there' | 'none';

export function useGpu(): GpuState {
  const [state, setState] = useState<GpuState>('asking');
  useEffect(() => {
    let wanted = true;
    const say = (found: boolean): void => {
      if (wanted) setState(found ? 'there' : 'none');
    };
    if ('gpu' in navigator) {
      navigator.gpu.requestAdapter().then(
        (adapter) => say(adapter !== null),
        () => say(false),
      );
    } else say(false);
    return () => {
      wanted = false;
    };
  }, []);
  return state;
}

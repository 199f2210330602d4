/** The name of the house. */
import type { ReactElement } from 'react';

export function Logo(): ReactElement {
  return (
    <span className="logo">
      pare<i aria-hidden="true">.</i>
    </span>
  );
}

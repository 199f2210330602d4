/** Cycles system → light → dark. */
import { ActionIcon, useMantineColorScheme } from '@mantine/core';
import type { MantineColorScheme } from '@mantine/core';
import type { ReactElement } from 'react';
import { AutoIcon, MoonIcon, SunIcon } from '../../ui/icons.tsx';

const NAMES: Record<MantineColorScheme, string> = { auto: 'as the system', light: 'light', dark: 'dark' };

export function nextScheme(scheme: MantineColorScheme): MantineColorScheme {
  switch (scheme) {
    case 'auto':
      return 'light';
    case 'light':
      return 'dark';
    case 'dark':
      return 'auto';
    default:
      return scheme satisfies never;
  }
}

export function SchemeButton(): ReactElement {
  // keepTransitions: the other way adds a style element, which the content security policy forbids.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const label = `Colours: ${NAMES[colorScheme]}`;
  return (
    <ActionIcon
      variant="default"
      size={34}
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(nextScheme(colorScheme))}
    >
      {colorScheme === 'auto' ? <AutoIcon /> : colorScheme === 'light' ? <SunIcon /> : <MoonIcon />}
    </ActionIcon>
  );
}

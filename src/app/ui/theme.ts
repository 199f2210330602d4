/**
 * Mantine in the colours of tokens.css. No colour is named here, and no style element is made at run time: the strict
 * content security policy allows styles from files only.
 */
import { createTheme } from '@mantine/core';
import type { VariantColorsResolver } from '@mantine/core';

const resolveVariant: VariantColorsResolver = ({ variant }) => {
  if (variant === 'filled') {
    return {
      background: 'var(--accent-fill)',
      hover: 'var(--accent-fill-hover)',
      color: 'var(--on-accent)',
      border: '1px solid transparent',
    };
  }
  if (variant === 'subtle') {
    return {
      background: 'transparent',
      hover: 'var(--bg)',
      color: 'var(--accent-fill)',
      border: 'none',
    };
  }
  return {
    background: 'var(--panel)',
    hover: 'var(--bg)',
    color: 'var(--ink)',
    border: '1px solid var(--line-strong)',
  };
};

export const theme = createTheme({
  primaryColor: 'teal',
  defaultRadius: 8,
  respectReducedMotion: true,
  variantColorResolver: resolveVariant,
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectDir } from '../src/core/testing/shared.ts';
import { thirdParties, thirdPartyNotices } from './third-party-notices.mjs';

describe('third-party notices', () => {
  const root = projectDir();
  const all = thirdParties(root);
  const text = thirdPartyNotices(root);

  it('name every package that the product depends on, and what those depend on', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const names = all.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([...Object.keys(dependencies), 'onnxruntime-common', 'd3-array']),
    );
    for (const [name, version] of Object.entries(dependencies))
      expect(text).toContain(`${name} ${version}\n`);
  });

  it('give each package a licence, and its text where it brings one', () => {
    for (const { name, licence, texts, author } of all) {
      expect(licence, name).not.toBe('not stated');
      for (const one of texts) expect(text.includes(one), name).toBe(true);
      // A copyright line stands where there is no text.
      if (texts.length === 0)
        expect(text).toContain(`Copyright (c) ${author === '' ? 'the authors of' : author}`);
    }
    const elk = text.slice(text.indexOf('elkjs '));
    expect(elk).toMatch(/^elkjs [\d.]+\nLicence: EPL-2.0/);
    expect(elk).toMatch(/Source: https:\/\/github\.com\/kieler\/elkjs/);
    const runtime = text.slice(text.indexOf('onnxruntime-web '));
    expect(runtime.slice(0, 2000)).toContain('Permission is hereby granted');
  });
});

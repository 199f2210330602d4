// The licences of everything that the product is built from, as one text: read from the installed packages when it is
// built, so that it never says more or less than what is shipped.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const NOTICES_FILE = 'THIRD-PARTY-NOTICES.txt';

/** Compiled into the kernels' WebAssembly, though it is a tool otherwise. */
const COMPILED_IN = ['assemblyscript'];
/** Types leave no trace in what is built. */
const TYPES_ONLY = /^@types\/|^(undici-types|type-fest|tagged-tag)$/;
const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;
const RULE = '-'.repeat(78);

/**
 * @param {string} root folder of the project
 * @returns {{ name: string, version: string, licence: string, source: string, author: string, texts: string[] }[]}
 *   by name, then version
 */
export function thirdParties(root) {
  const found = new Map();
  const { dependencies = {} } = readPackage(root);
  for (const name of [...Object.keys(dependencies), ...COMPILED_IN]) collect(name, root, found);
  return [...found.values()].sort(
    (a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en'),
  );
}

/** @param {string} root folder of the project */
export function thirdPartyNotices(root) {
  const all = thirdParties(root);
  const terms = mitTerms(all);
  const head =
    'Pare is built from the packages below. Each is under its own licence, which applies to that package alone; its source is at the address that is given.';
  return [head, ...all.map((one) => section(one, terms))].join(`\n\n${RULE}\n\n`) + '\n';
}

function section({ name, version, licence, source, author, texts }, terms) {
  const heading = [
    `${name} ${version}`,
    `Licence: ${licence}`,
    ...(source === '' ? [] : [`Source: ${source}`]),
  ];
  if (texts.length > 0) return [heading.join('\n'), ...texts].join('\n\n');
  const by = `Copyright (c) ${author === '' ? `the authors of ${name}` : author}`;
  return licence === 'MIT'
    ? [heading.join('\n'), by, terms].join('\n\n')
    : [heading.join('\n'), by, 'The package comes without the text of its licence.'].join('\n\n');
}

/** For packages that name the licence and do not bring it: its terms are the same words everywhere. */
function mitTerms(all) {
  for (const { licence, texts } of all) {
    const at = licence === 'MIT' ? texts[0]?.indexOf('Permission is hereby granted') : -1;
    if (at !== undefined && at >= 0) return texts[0].slice(at);
  }
  throw new Error('No installed package has the terms of the MIT licence.');
}

function collect(name, from, found) {
  if (TYPES_ONLY.test(name)) return;
  const folder = folderOf(name, from);
  if (found.has(folder)) return;
  const { version = '', license, author, repository, homepage, dependencies = {} } = readPackage(folder);
  found.set(folder, {
    name,
    version,
    licence: typeof license === 'string' ? license : (license?.type ?? 'not stated'),
    source: sourceOf(repository) || homepage || '',
    author: (typeof author === 'string' ? author : (author?.name ?? '')).replace(/ *[<(].*/, ''),
    texts: readdirSync(folder)
      .filter((file) => LICENCE_FILE.test(file))
      .sort()
      .map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()),
  });
  for (const next of Object.keys(dependencies)) collect(next, folder, found);
}

function sourceOf(repository) {
  const address = typeof repository === 'string' ? repository : (repository?.url ?? '');
  if (/^[\w.-]+\/[\w.-]+$/.test(address)) return `https://github.com/${address}`;
  return address
    .replace(/^git\+/, '')
    .replace(/^git:\/\//, 'https://')
    .replace(/^(ssh:\/\/)?git@([^:/]+)[:/]/, 'https://$2/')
    .replace(/^github:/, 'https://github.com/')
    .replace(/\.git$/, '');
}

function readPackage(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** As Node looks for it: beside, then further up. */
function folderOf(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (existsSync(join(path, 'package.json'))) return path;
    if (folder === dirname(folder))
      throw new Error(`The package ${name}, which ${from} needs, is not installed.`);
  }
}

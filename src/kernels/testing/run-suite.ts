/** Declares the conformance suite to vitest for a list of backends, and fails when a required backend is missing. */
import { afterAll, describe, expect, it } from 'vitest';
import type { KernelSet } from '../../core/tensor/kernel-set.ts';
import type { Case } from './cases.ts';
import { readCases } from './cases.ts';
import { checksTable, kernelsWithoutCases, runCase } from './conformance.ts';

declare const __REQUIRE_BACKENDS__: string;

/** A backend to test, or why it is not here. */
export interface Candidate {
  /** Column of the table: reference, wasm, wasm-relaxed, webgpu. */
  readonly label: string;
  readonly make: () => KernelSet | Promise<KernelSet>;
  /** Why it cannot be made; absent when it can. */
  readonly missing?: string;
}

/** For one kernel on one backend. A software WebGPU on a busy machine is slow; a hang is what this ends. */
const TIMEOUT_MILLIS = 120_000;

const files = import.meta.glob<string>('../*/cases.jsonc', {
  query: '?raw',
  import: 'default',
  eager: true,
});

function allCases(): Case[] {
  return Object.entries(files).flatMap(([file, text]) => readCases(file, text));
}

/** Every backend that some project tests: a name outside is a slip of the pen and must not pass as required and met. */
const KNOWN = ['reference', 'wasm', 'wasm-relaxed', 'webgpu'];

/** Names in REQUIRE_BACKENDS. */
function requiredNames(): string[] {
  const names = __REQUIRE_BACKENDS__.split(',').map((name) => name.trim());
  return names.filter((name) => name !== '');
}

function declareBackend(backend: Candidate, cases: readonly Case[], counts: Map<string, number>): void {
  const names = new Set(cases.map((test) => test.spec.kernel));
  let kernels: Promise<KernelSet> | undefined;
  for (const kernel of names) {
    it(kernel, { timeout: TIMEOUT_MILLIS }, async () => {
      kernels ??= Promise.resolve(backend.make());
      const failures: string[] = [];
      for (const test of cases.filter((one) => one.spec.kernel === kernel)) {
        const result = await runCase(await kernels, test);
        counts.set(kernel, (counts.get(kernel) ?? 0) + result.checks);
        failures.push(...result.failures);
      }
      expect(failures).toEqual([]);
    });
  }
}

/** @param responsible backend names this project must show when REQUIRE_BACKENDS lists them. */
export function declareSuite(backends: readonly Candidate[], responsible: readonly string[]): void {
  const cases = allCases();
  const counts = new Map<string, Map<string, number>>();
  it('has cases for every kernel', () => {
    expect(kernelsWithoutCases(cases)).toEqual([]);
  });
  it('knows every required backend', () => {
    expect(requiredNames().filter((name) => !KNOWN.includes(name))).toEqual([]);
  });
  for (const name of requiredNames().filter((one) => responsible.includes(one))) {
    it(`has the required backend ${name}`, () => {
      const found = backends.find((backend) => backend.label === name);
      expect(found?.missing ?? (found === undefined ? 'not known' : 'here')).toBe('here');
    });
  }
  for (const backend of backends) {
    if (backend.missing !== undefined) {
      console.warn(`conformance: ${backend.label} is not tested here: ${backend.missing}`);
      continue;
    }
    const own = new Map<string, number>();
    counts.set(backend.label, own);
    describe(backend.label, () => declareBackend(backend, cases, own));
  }
  afterAll(() => console.log(checksTable(counts)));
}

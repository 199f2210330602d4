// Who may import whom. Every rule is an error; the house is drawn in docs/ARCHITECTURE.md.
const test = '\\.test\\.tsx?$|/testing/';
const layer = (name, path, forbidden) => ({
  name,
  severity: 'error',
  from: { path, pathNot: test },
  to: { path: forbidden, dependencyTypesNot: [] },
});
/** Lower core first. A layer may import itself and what stands before it. */
const core = [
  'bytes',
  'tensor',
  'onnx',
  'dataset',
  'profile',
  'energy',
  'calibration',
  'targets',
  'passes',
  'recipe',
  'metrics',
  'goal',
  'search',
  'doctor',
  'report',
];
const coreRules = core.map((name, i) =>
  layer(
    `core-${name}-imports-lower-core-only`,
    `^src/core/${name}/`,
    core
      .slice(i + 1)
      .map((n) => `^src/core/${n}/`)
      .join('|') || '^$',
  ),
);

module.exports = {
  forbidden: [
    ...coreRules,
    layer(
      'core-is-pure',
      '^src/core/',
      '^src/(kernels|runtime|data|worker|cli|app)/|node_modules/(react|comlink|onnxruntime-web|zustand|@mantine)',
    ),
    {
      name: 'a-pass-never-imports-another-pass',
      severity: 'error',
      from: { path: '^src/core/passes/([^/]+)/', pathNot: test },
      to: { path: '^src/core/passes/[^/]+/', pathNot: '^src/core/passes/$1/' },
    },
    layer('kernels-runtime-data-import-core-only', '^src/(kernels|runtime|data)/', '^src/(worker|cli|app)/'),
    layer('worker-and-cli-never-import-app', '^src/(worker|cli)/', '^src/app/'),
    layer(
      'ui-knows-neither-store-nor-worker',
      '^src/app/ui/',
      '^src/app/(store|bridge|actions|features)/|^src/worker/',
    ),
    {
      name: 'app-value-imports',
      severity: 'error',
      comment:
        'The page holds ids and numbers: of the core it may run only metas, recipes, the Pareto front, the prediction of speeds, the judge of candidates and what confirms a choice, how many samples are set aside, and reports; of workers and runtime it may know the addresses of their files.',
      from: { path: '^src/app/', pathNot: test },
      to: {
        path: '^src/(core|kernels|runtime|data|worker|cli)/',
        pathNot:
          '/metas?\\.ts$|^src/core/recipe/|^src/core/search/(confirm|pareto|predict-speed|recommend)\\.ts$|^src/core/report/|^src/core/(goal|energy|targets)/|^src/core/dataset/(parse|set-aside)\\.ts$|^src/core/errors\\.ts$|^src/worker/api\\.ts$|^src/runtime/assets\\.ts$|^src/worker/(main|data-worker|measure-worker(-jspi|-webgpu)?)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'only-the-ends-of-the-wire-import-comlink',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/worker/|^src/app/bridge/' },
      to: { path: 'node_modules/comlink' },
    },
    {
      name: 'only-runtime-imports-onnxruntime',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/runtime/' },
      to: { path: 'node_modules/onnxruntime-web' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphan-dev-dependency',
      severity: 'error',
      from: { path: '^src/', pathNot: test + '|\\.d\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'assembly\\.ts$|kernels/generated' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'default'], extensions: ['.ts', '.tsx', '.js'] },
  },
};

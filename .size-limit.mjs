// What a visitor loads before the page shows: the scripts that index.html names itself. Workers, charts that are loaded
// later and the runtime (14 MB, needed only to measure) do not delay the first view and are not counted here.
import { existsSync, readFileSync } from 'node:fs';

const PAGE = 'dist/studio/index.html';
const names = existsSync(PAGE)
  ? [...readFileSync(PAGE, 'utf8').matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((found) => found[1])
  : [];

export default [
  {
    name: 'first load, scripts (gzip)',
    path: names.length > 0 ? names.map((name) => `dist/studio/${name}`) : [PAGE],
    gzip: true,
    brotli: false,
    // React and Mantine are most of it. 130 kB take less than a second on a slow 4G line (1.6 Mbit/s).
    limit: '130 kB',
  },
];

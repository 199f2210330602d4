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
    // React and Mantine are about 130 kB of it. 350 kB is two seconds on a 1.5 Mbit/s phone line.
    limit: '350 kB',
  },
];

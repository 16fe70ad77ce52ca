// Bundles the page of the model view into ../dist. `--watch` rebuilds on every change; `--tests` bundles what
// the unit tests import into dist/.
import { context } from 'esbuild';

const watch = process.argv.includes('--watch');
const tests = process.argv.includes('--tests');
const common = { bundle: true, target: 'es2022', logLevel: 'warning' };
const building = await context(
  tests
    ? {
        ...common,
        entryPoints: ['src/tree.ts', 'src/series.ts', 'src/layout.ts', 'src/text.ts'],
        outdir: 'dist',
        format: 'esm',
        platform: 'node',
      }
    : {
        ...common,
        entryPoints: { modelView: 'src/main.ts', 'modelView.style': 'src/style.css' },
        outdir: '../dist',
        format: 'iife',
        minify: !watch,
      },
);
if (watch) {
  await building.watch();
} else {
  await building.rebuild();
  await building.dispose();
}

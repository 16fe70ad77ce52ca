// Bundles the extension into dist/. `--watch` rebuilds on every change.
import { context } from 'esbuild';

const watch = process.argv.includes('--watch');
const building = await context({
  entryPoints: { extension: 'src/extension.ts' },
  outdir: 'dist',
  bundle: true,
  external: ['vscode'],
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  minify: !watch,
  sourcemap: watch ? 'inline' : false,
  logLevel: 'warning',
});
if (watch) {
  await building.watch();
} else {
  await building.rebuild();
  await building.dispose();
}

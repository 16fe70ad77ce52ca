// Bundles the extension and the page of its model view into dist/. `--watch` rebuilds on every change.
import { context } from 'esbuild';

const watch = process.argv.includes('--watch');
const common = { outdir: 'dist', bundle: true, minify: !watch, sourcemap: watch ? 'inline' : false, logLevel: 'warning' };
const extension = {
  ...common,
  entryPoints: { extension: 'src/extension.ts' },
  external: ['vscode'],
  format: 'cjs',
  platform: 'node',
  target: 'node20',
};
const page = {
  ...common,
  entryPoints: { modelView: 'webview/src/main.ts', 'modelView.style': 'webview/src/style.css' },
  format: 'iife',
  target: 'es2022',
};
for (const options of [extension, page]) {
  const building = await context(options);
  if (watch) {
    await building.watch();
  } else {
    await building.rebuild();
    await building.dispose();
  }
}

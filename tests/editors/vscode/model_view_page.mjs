// The built page of the model view in a real Chromium, with a stand-in for VS Code around it.
//
// Usage: node model_view_page.mjs WEBVIEW SCENARIO.json; answers with JSON on standard output.

import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const [webview, scenarioFile] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(webview), 'package.json'));
const { chromium } = require('playwright-core');
const esbuild = require('esbuild');

const ORIGIN = 'http://model-view.test';
const dist = path.resolve(webview, '..', 'dist');

/** What VS Code's own themes give a page, as far as ours asks for it. */
const THEMES = {
  light: {
    'editor-background': '#ffffff', 'editor-foreground': '#3b3b3b', foreground: '#3b3b3b', descriptionForeground: '#3b3b3b',
    'editorWidget-background': '#f8f8f8', 'widget-border': '#e5e5e5', 'panel-border': '#e5e5e5', focusBorder: '#005fb8',
    'textLink-foreground': '#005fb8', 'editorLineNumber-foreground': '#6e7681', 'charts-blue': '#1a85ff', 'charts-green': '#388a34',
    'charts-orange': '#d18616', 'charts-purple': '#652d90', 'charts-red': '#e51400', 'charts-yellow': '#bf8803', 'charts-lines': '#3b3b3b80',
    'terminal-ansiCyan': '#0598bc', 'terminal-ansiMagenta': '#bc05bc', 'dropdown-background': '#ffffff', 'dropdown-border': '#cecece',
    'dropdown-foreground': '#3b3b3b', 'input-background': '#ffffff', 'input-border': '#cecece', 'input-foreground': '#3b3b3b',
    'input-placeholderForeground': '#767676', 'list-hoverBackground': '#f2f2f2', 'list-inactiveSelectionBackground': '#e4e6f1',
    'toolbar-hoverBackground': '#b8b8b850', 'editorError-foreground': '#e51400', 'editorWarning-foreground': '#bf8803',
  },
  dark: {
    'editor-background': '#1f1f1f', 'editor-foreground': '#cccccc', foreground: '#cccccc', descriptionForeground: '#9d9d9d',
    'editorWidget-background': '#202020', 'widget-border': '#313131', 'panel-border': '#2b2b2b', focusBorder: '#0078d4',
    'textLink-foreground': '#4daafc', 'editorLineNumber-foreground': '#6e7681', 'charts-blue': '#59a4f9', 'charts-green': '#89d185',
    'charts-orange': '#d18616', 'charts-purple': '#b180d7', 'charts-red': '#f14c4c', 'charts-yellow': '#cca700', 'charts-lines': '#cccccc80',
    'terminal-ansiCyan': '#11a8cd', 'terminal-ansiMagenta': '#bc3fbc', 'dropdown-background': '#313131', 'dropdown-border': '#3c3c3c',
    'dropdown-foreground': '#cccccc', 'input-background': '#313131', 'input-border': '#3c3c3c', 'input-foreground': '#cccccc',
    'input-placeholderForeground': '#989898', 'list-hoverBackground': '#2a2d2e', 'list-inactiveSelectionBackground': '#37373d',
    'toolbar-hoverBackground': '#5a5d5e50', 'editorError-foreground': '#f14c4c', 'editorWarning-foreground': '#cca700',
  },
  contrast: {
    'editor-background': '#000000', 'editor-foreground': '#ffffff', foreground: '#ffffff', descriptionForeground: '#ffffffb3',
    'editorWidget-background': '#0c141f', contrastBorder: '#6fc3df', contrastActiveBorder: '#f38518', 'panel-border': '#6fc3df',
    focusBorder: '#f38518', 'textLink-foreground': '#21a6ff', 'editorLineNumber-foreground': '#ffffff', 'charts-blue': '#59a4f9',
    'charts-green': '#89d185', 'charts-orange': '#d18616', 'charts-purple': '#b180d7', 'charts-red': '#f48771', 'charts-yellow': '#ffd370',
    'charts-lines': '#ffffff80', 'terminal-ansiCyan': '#00cdcd', 'terminal-ansiMagenta': '#cd00cd', 'dropdown-background': '#000000',
    'dropdown-border': '#6fc3df', 'dropdown-foreground': '#ffffff', 'input-background': '#000000', 'input-border': '#6fc3df',
    'input-foreground': '#ffffff', 'input-placeholderForeground': '#ffffffb3', 'editorError-foreground': '#f48771', 'editorWarning-foreground': '#ffd370',
  },
};

async function open(browser, { theme, width = 980, height = 860, state = null }) {
  const tab = await browser.newPage({ viewport: { width, height } });
  const wrong = [];
  tab.on('pageerror', (error) => wrong.push(String(error)));
  tab.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text());
  });
  const built = esbuild.buildSync({
    entryPoints: [path.join(webview, '..', 'src', 'view', 'page.ts')],
    format: 'esm', bundle: true, write: false,
  });
  const { page } = await import(`data:text/javascript,${encodeURIComponent(built.outputFiles[0].text)}`);
  const html = page({ nonce: 'abc', script: '/modelView.js', style: '/modelView.style.css', styleSource: ORIGIN });
  const asked = [];
  await tab.route('**/*', (route) => {
    const { pathname, origin } = new URL(route.request().url());
    asked.push(route.request().url());
    if (origin !== ORIGIN) return route.abort();
    if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: html });
    return route.fulfill({
      contentType: pathname.endsWith('.css') ? 'text/css' : 'text/javascript',
      body: readFileSync(path.join(dist, path.basename(pathname)), 'utf-8'),
    });
  });
  await tab.addInitScript(
    ({ colours, kept }) => {
      window.sent = [];
      let state = kept;
      window.acquireVsCodeApi = () => ({
        postMessage: (message) => window.sent.push(message),
        getState: () => state,
        setState: (next) => (window.state = state = JSON.parse(JSON.stringify(next))),
      });
      const dress = () => {
        for (const [name, value] of Object.entries(colours)) {
          document.documentElement.style.setProperty(`--vscode-${name}`, value);
        }
        document.documentElement.style.setProperty('--vscode-font-family', 'system-ui, "DejaVu Sans", sans-serif');
      };
      new MutationObserver(() => document.documentElement && dress()).observe(document, { childList: true });
    },
    { colours: THEMES[theme], kept: state },
  );
  await tab.goto(ORIGIN);
  await tab.waitForFunction(() => window.sent?.some((message) => message.type === 'ready'));
  return { tab, wrong, asked };
}

const steps = {
  async post(tab, { message, file }) {
    const content = message ?? JSON.parse(readFileSync(file, 'utf-8'));
    const before = await tab.evaluate(() => document.body.dataset.drawn);
    const since = Date.now();
    await tab.evaluate((data) => window.postMessage(data, '*'), content);
    if (content.type === 'model' && content.answer.view.models.length > 0) {
      await tab.waitForFunction((old) => document.body.dataset.drawn !== old, before);
    } else await tab.waitForTimeout(60);
    return Date.now() - since;
  },
  click: (tab, { on }) => tab.locator(on).first().click(),
  focus: (tab, { on }) => tab.locator(on).first().focus(),
  type: (tab, { text }) => tab.keyboard.type(text),
  async press(tab, { keys }) {
    for (const key of keys) await tab.keyboard.press(key);
    await tab.waitForTimeout(60);
  },
  size: (tab, { width, height }) => tab.setViewportSize({ width, height }),
  wait: (tab, { milliseconds }) => tab.waitForTimeout(milliseconds),
  texts: (tab, { on }) => tab.locator(on).allTextContents(),
  attributes: (tab, { on, name }) => tab.locator(on).evaluateAll((all, which) => all.map((one) => one.getAttribute(which)), name),
  focused: (tab) => tab.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.id),
  sent: (tab) => tab.evaluate(() => window.sent.splice(0)),
  async state(tab) {
    await tab.waitForTimeout(300);
    return tab.evaluate(() => window.state);
  },
  shot: (tab, { to }) => tab.screenshot({ path: to }),
  async axe(tab) {
    await tab.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf-8'));
    const { violations } = await tab.evaluate(() => window.axe.run());
    return violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3), one.nodes[0]?.failureSummary]);
  },
  /** Milliseconds between the frames of a pan through all of the drawing, sorted. */
  async frames(tab, { count = 60, by = 120 }) {
    const holder = await tab.locator('#graph').boundingBox();
    await tab.mouse.move(holder.x + holder.width / 2, holder.y + holder.height / 2);
    return tab.evaluate(
      ([total, step]) =>
        new Promise((done) => {
          const graph = document.getElementById('graph');
          const times = [];
          let last = 0;
          const tick = (now) => {
            if (last) times.push(now - last);
            last = now;
            if (times.length >= total) return done(times.sort((a, b) => a - b));
            graph.dispatchEvent(new WheelEvent('wheel', { deltaY: step, bubbles: true, cancelable: true }));
            requestAnimationFrame(tick);
          };
          requestAnimationFrame(tick);
        }),
      [count, by],
    );
  },
  count: (tab, { on }) => tab.locator(on).count(),
};

async function main() {
  const scenario = JSON.parse(readFileSync(scenarioFile, 'utf-8'));
  const browser = await chromium.launch({
    executablePath: scenario.chromium,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const answers = {};
  try {
    for (const { name, page, steps: wanted } of scenario.pages) {
      const { tab, wrong, asked } = await open(browser, page);
      const found = (answers[name] = {});
      for (const step of wanted) {
        if (step.to) mkdirSync(path.dirname(step.to), { recursive: true });
        const answer = await steps[step.do](tab, step);
        if (step.as) found[step.as] = answer ?? null;
      }
      found.wrong = wrong;
      found.foreign = asked.filter((url) => !url.startsWith(ORIGIN) && !url.startsWith('blob:'));
      await tab.close();
    }
  } finally {
    await browser.close();
  }
  process.stdout.write(JSON.stringify(answers));
}

await main();

// Runs the suites of this folder in VS Code's own extension host, and writes down how each test ended.
import { writeFileSync } from 'node:fs';

import Mocha from 'mocha';

interface Outcome {
  suite: string;
  test: string;
  problem: string;
  milliseconds: number;
}

export async function run(): Promise<void> {
  const target = process.env['KERAS_LSP_TEST_REPORT'] ?? '';
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: 'min' });
  mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_PRE_REQUIRE, globalThis, '', mocha);
  await import('./features.test.js');
  await import('./notebooks.test.js');
  await import('./life.test.js');
  const outcomes: Outcome[] = [];
  const note = (test: Mocha.Test | Mocha.Hook, problem = '') => {
    outcomes.push({ suite: test.parent?.fullTitle() ?? '', test: test.title, problem, milliseconds: test.duration ?? 0 });
  };
  await new Promise<void>((resolve) => {
    mocha
      .run(() => {
        resolve();
      })
      .on('pass', (test) => {
        note(test);
      })
      .on('fail', (test, error: Error) => {
        note(test, error.stack ?? error.message);
      });
  });
  writeFileSync(target, JSON.stringify(outcomes, undefined, 1));
}

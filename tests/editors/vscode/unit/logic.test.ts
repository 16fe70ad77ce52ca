// The parts of the extension that need no editor. Run with `node --test`.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Backoff } from '../../../../editors/vscode/src/backoff';
import { knownInputs } from '../../../../editors/vscode/src/commands/knownInputs';
import { commandFrom } from '../../../../editors/vscode/src/commandLine';
import { chooseInterpreters } from '../../../../editors/vscode/src/interpreters';
import { candidates, findServerPython, type Wishes } from '../../../../editors/vscode/src/serverPython';

const FOLDERS = { folders: [], trusted: true };
const NOTHING: Wishes = {
  ...FOLDERS,
  setting: undefined,
  last: undefined,
  selected: () => Promise.resolve([]),
};
const missing = () => Promise.reject(Object.assign(new Error('spawn'), { code: 'ENOENT' }));

describe('a Python for the server', () => {
  it('is the selected one, before those on the path', () => {
    const [first, second] = candidates({ ...FOLDERS, selected: [['/opt/py/bin/python']] }, 'linux');
    assert.deepEqual([first, second], [['/opt/py/bin/python'], ['python3']]);
  });

  it('is never out of a folder that is not trusted, and out of a trusted one only at last', () => {
    const wishes = { ...FOLDERS, selected: [['/projects/a/.venv/bin/python']], folders: ['/projects/a'] };
    assert.deepEqual(candidates(wishes, 'linux').at(-1), ['/projects/a/.venv/bin/python']);
    const untrusted = candidates({ ...wishes, trusted: false }, 'linux');
    assert.ok(!untrusted.some(([program]) => program?.startsWith('/work')));
    const beside = { ...wishes, selected: [['/projects/a-venv/bin/python']], trusted: false };
    assert.deepEqual(candidates(beside, 'linux')[0], ['/projects/a-venv/bin/python']);
  });

  it('counts a relative path as one of the folder', () => {
    const wishes = { ...FOLDERS, selected: [['.venv/bin/python']], folders: ['/projects/a'], trusted: false };
    assert.ok(!candidates(wishes, 'linux').some(([program]) => program === '.venv/bin/python'));
  });

  it('is new enough: older ones are passed over', async () => {
    const versions: Record<string, string> = { python3: '3 9', python: '2 7', 'python3.12': '3 12' };
    const probe = ([program = '']: readonly string[]) =>
      program in versions ? Promise.resolve(`${versions[program] ?? ''}\n`) : missing();
    assert.deepEqual(await findServerPython(NOTHING, probe, 'linux'), { command: ['python3.12'], version: '3.12' });
  });

  it('that is missing is told in one sentence with all that was tried', async () => {
    const probe = ([program]: readonly string[]) => (program === 'python3' ? Promise.resolve('3 9') : missing());
    const problem = await findServerPython(NOTHING, probe, 'linux');
    assert.match(String(problem), /^keras-lsp needs a Python 3\.10 or newer.*python3 is Python 3\.9.*python does not exist/);
  });

  it('is the one that ran it before, without a wait for what is selected', async () => {
    const wishes = { ...NOTHING, last: ['/opt/py/bin/python'], selected: () => Promise.reject(new Error('asked')) };
    const probe = () => Promise.resolve('3 12');
    assert.deepEqual(await findServerPython(wishes, probe, 'linux'), { command: ['/opt/py/bin/python'], version: '3.12' });
  });

  it('is another one where that is gone, or is out of a folder', async () => {
    const probe = ([program]: readonly string[]) => (program === '/gone' ? missing() : Promise.resolve('3 12'));
    for (const [last, folders] of [['/gone', []], ['/projects/a/bin/python', ['/projects/a']]] as const) {
      const found = await findServerPython({ ...NOTHING, last: [last], folders }, probe, 'linux');
      assert.deepEqual(found, { command: ['python3'], version: '3.12' });
    }
  });

  it('that the setting names is not replaced by another', async () => {
    const probe = ([program]: readonly string[]) => (program === '/gone' ? missing() : Promise.resolve('3 12'));
    const problem = await findServerPython({ ...NOTHING, setting: ['/gone'] }, probe, 'linux');
    assert.match(String(problem), /kerasLsp\.serverInterpreter, \/gone, does not exist/);
  });

  it('must be a Python', async () => {
    const problem = await findServerPython({ ...NOTHING, setting: ['/bin/ls'] }, () => Promise.resolve('a b'), 'linux');
    assert.match(String(problem), /is no Python/);
  });
});

describe('interpreters of folders', () => {
  const a = { uri: 'file:///a', setting: undefined, selected: ['/a/python'] };
  const b = { uri: 'file:///b', setting: undefined, selected: undefined };

  it('are the selected ones, and left to the server where nothing is selected', () => {
    assert.deepEqual(chooseInterpreters(undefined, [a, b]), {
      interpreter: [],
      interpreters: { 'file:///a': ['/a/python'] },
    });
  });

  it('are the setting, where it is the same everywhere', () => {
    const set = ['/set/python'];
    const both = [a, b].map((folder) => ({ ...folder, setting: set }));
    assert.deepEqual(chooseInterpreters(set, both), { interpreter: set, interpreters: {} });
    assert.deepEqual(chooseInterpreters(set, []), { interpreter: set, interpreters: {} });
  });

  it('differ where the settings of folders differ', () => {
    const set = ['/set/python'];
    const folders = [{ ...a, setting: ['/own/python'] }, { ...b, setting: set }];
    assert.deepEqual(chooseInterpreters(set, folders), {
      interpreter: [],
      interpreters: { 'file:///a': ['/own/python'], 'file:///b': set },
    });
  });
});

describe('a command in the settings', () => {
  const variables = { workspaceFolder: '/w', userHome: '/home/u', environment: { P: '/p' } };

  it('is a path or a list', () => {
    assert.deepEqual(commandFrom('/usr/bin/my python', variables), ['/usr/bin/my python']);
    assert.deepEqual(commandFrom(['uv', 'run', 'python'], variables), ['uv', 'run', 'python']);
  });

  it('may have variables', () => {
    assert.deepEqual(commandFrom('${workspaceFolder}/.venv/bin/python', variables), ['/w/.venv/bin/python']);
    assert.deepEqual(commandFrom('${userHome}/x${env:P}${env:NONE}', variables), ['/home/u/x/p']);
  });

  it('says nothing when it is empty or something else', () => {
    for (const value of ['', '  ', [], [''], null, undefined, 3, [1], {}]) {
      assert.equal(commandFrom(value, variables), undefined);
    }
  });
});

describe('a back-off', () => {
  it('waits longer each time, gives up, and forgets with time', () => {
    let now = 0;
    const backoff = new Backoff(() => now);
    const waits = [1, 2, 3, 4, 5].map(() => backoff.next());
    assert.deepEqual(waits, [500, 2000, 5000, 10000, undefined]);
    now += 10 * 60 * 1000;
    assert.equal(backoff.next(), 500);
    backoff.reset();
    assert.equal(backoff.next(), 500);
  });
});

describe('what an input shape is chosen from', () => {
  const layer = { className: 'Net', guess: '', inputs: ['(None, 8)', '(None, 9)'] };
  const guessed = { ...layer, guess: '(None, 16, 32)', inputs: ['(None, length, features)'] };

  it('is what a replay saw', () => {
    const shapes = knownInputs([layer, { ...layer, className: 'Other', inputs: ['(1,)'] }, layer], 'Net');
    assert.deepEqual(
      shapes.map((each) => each.shape),
      ['(None, 8)', '(None, 9)'],
    );
  });

  it('is of a guess what can be written, not the names of its free sizes', () => {
    assert.deepEqual(knownInputs([guessed], 'Net'), [{ shape: '(None, 16, 32)', description: 'the guess' }]);
  });
});

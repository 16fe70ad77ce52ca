// The life of the server: folders with different Pythons, changes of settings, ends that nobody asked for.
import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { alive, api, eventually, hints, hover, ID, open, place, statusOf } from './helpers';

interface FakePython {
  select(folder: string, python: string): void;
  hold(): () => void;
}

const PYTHONS = JSON.parse(process.env['KERAS_LSP_TEST_PYTHONS'] ?? '{}') as { keras: string; bare: string };

async function serverProcess(): Promise<number> {
  const { server } = await api();
  return eventually('a server', () => (server.state === 'running' ? server.processId : undefined));
}

async function fakePython(): Promise<FakePython> {
  const extension = vscode.extensions.getExtension<FakePython>('ms-python.python');
  assert.ok(extension);
  return extension.activate();
}

async function selectPython(folder: vscode.WorkspaceFolder, python: string): Promise<void> {
  (await fakePython()).select(folder.uri.fsPath, python);
}

async function answersFromTheText(): Promise<void> {
  const { document } = await open('subclassed.py', 'keras');
  await hover(document, place(document, 'self.dense1(inputs)', 6), 'Dense');
}

describe('life', () => {
  it('serves all folders with one server, each with its own Python', async () => {
    await open('subclassed.py', 'bare');
    const text = await statusOf(/text only/);
    assert.match(text, /\$\(info\)/);
    const { status } = await api();
    assert.ok(status().detail.includes(PYTHONS.bare), status().detail);
    await open('subclassed.py', 'keras');
    await statusOf(/\$\(check\) Keras 3/);
  });

  it('takes up another selected interpreter without a new server', async () => {
    const before = await serverProcess();
    const editor = await open('subclassed.py', 'bare');
    const folder = vscode.workspace.getWorkspaceFolder(editor.document.uri);
    assert.ok(folder);
    await selectPython(folder, PYTHONS.keras);
    await statusOf(/\$\(check\) Keras 3/);
    await hover(editor.document, place(editor.document, 'self.dense1(inputs)', 6), '(None, 64)');
    await selectPython(folder, PYTHONS.bare);
    await statusOf(/text only/);
    assert.equal(await serverProcess(), before);
  });

  it('takes the setting before the selection', async () => {
    const before = await serverProcess();
    await open('subclassed.py', 'bare');
    const configuration = vscode.workspace.getConfiguration('kerasLsp');
    await configuration.update('interpreter', [PYTHONS.keras], vscode.ConfigurationTarget.Workspace);
    await statusOf(/\$\(check\) Keras 3/);
    await configuration.update('interpreter', undefined, vscode.ConfigurationTarget.Workspace);
    await statusOf(/text only/);
    assert.equal(await serverProcess(), before);
  });

  it('takes a change of settings', async () => {
    const { document } = await open('subclassed.py', 'keras');
    const configuration = vscode.workspace.getConfiguration('kerasLsp');
    await configuration.update('hints', false, vscode.ConfigurationTarget.Workspace);
    await eventually('no hints', async () => (await hints(document)).size === 0);
    await configuration.update('hints', undefined, vscode.ConfigurationTarget.Workspace);
    await eventually('hints', async () => (await hints(document)).size > 0);
  });

  it('starts again after the server was killed, and needs the selected interpreter for replays alone', async () => {
    const release = (await fakePython()).hold();
    const before = await serverProcess();
    process.kill(before, 'SIGKILL');
    await eventually('another server', async () => (await serverProcess()) !== before);
    const { document } = await open('subclassed.py', 'keras');
    const { status } = await api();
    await eventually('the reason', () => status().detail.includes('which Python is selected'));
    await hover(document, place(document, 'self.dense1(inputs)', 6), 'Dense');
    release();
    await statusOf(/\$\(check\) Keras 3/);
  });

  it('restarts on request, any number of times, and leaves no server behind', async () => {
    const before = await serverProcess();
    await Promise.all([1, 2, 3].map(() => vscode.commands.executeCommand('kerasLsp.restart')));
    const after = await serverProcess();
    assert.notEqual(after, before);
    await eventually('the end of the old server', () => !alive(before));
    await answersFromTheText();
  });

  it('gives up after several ends in a row, and starts when it is asked', async () => {
    const { server, status } = await api();
    await vscode.commands.executeCommand('kerasLsp.restart');
    const seen = new Set<number>();
    await eventually('giving up', () => {
      const running = server.processId;
      if (server.state === 'running' && running !== undefined && !seen.has(running)) {
        seen.add(running);
        process.kill(running, 'SIGKILL');
      }
      server.startNow(); // how long it waits each time is tested without an editor
      return server.state === 'failed';
    });
    assert.equal(seen.size, 5);
    assert.match(status().text, /\$\(error\)/);
    await vscode.commands.executeCommand('kerasLsp.restart');
    assert.ok(!seen.has(await serverProcess()));
    await answersFromTheText();
  });

  it('registers each command of the manifest once, and none of the server by itself', async () => {
    const manifest = vscode.extensions.getExtension(ID)?.packageJSON as {
      contributes: { commands: { command: string }[] };
    };
    const registered = (await vscode.commands.getCommands(true)).filter((name) => name.startsWith('kerasLsp.'));
    for (const { command } of manifest.contributes.commands) {
      assert.ok(registered.includes(command), command);
    }
  });
});

// What a user sees in a founding example, through VS Code's own commands, with exact ranges.
import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually, findings, hints, hover, open, place, statusOf, textAt } from './helpers';

describe('features', () => {
  let editor: vscode.TextEditor;
  let document: vscode.TextDocument;

  before(async () => {
    editor = await open('subclassed.py', 'keras');
    document = editor.document;
    await statusOf(/\$\(check\) Keras 3/);
  });

  it('shows a card on a layer slot, over exactly its text', async () => {
    const card = await hover(document, place(document, 'self.dense1(inputs)', 6), '(None, 64)');
    assert.equal(card.range, 'self.dense1');
    assert.match(card.text, /kernel +\(32, 64\)/);
  });

  it('counts columns as VS Code does, behind text outside the basic plane', async () => {
    const moved = await open('astral.py', 'keras');
    const at = place(moved.document, 'model.layers[0]', 13);
    const card = await hover(moved.document, at, '(None, 8)');
    assert.equal(card.range, 'model.layers[0]');
    editor = await open('subclassed.py', 'keras');
  });

  it('shows output shapes as hints', async () => {
    const shown = await eventually('hints', async () => {
      const found = await hints(document);
      return found.size >= 2 ? found : undefined;
    });
    assert.match(shown.get('x = self.dense1(inputs)') ?? '', /\(None, 64\)/);
    assert.match(shown.get('return self.dense2(x)') ?? '', /\(None, 10\)/);
  });

  it('underlines weights that do not exist, and the code of the rule leads to its explanation', async () => {
    const error = await eventually('the error', () =>
      findings(document.uri).find((one) => one.severity === vscode.DiagnosticSeverity.Error),
    );
    assert.equal(textAt(document, error.range), 'layer.weights[0]');
    const code = error.code as { value: string; target: vscode.Uri };
    assert.equal(code.value, 'KL101');
    const explanation = await vscode.workspace.openTextDocument(code.target);
    assert.equal(explanation.languageId, 'markdown');
    assert.match(explanation.getText(), /^# KL101/);
  });

  it('completes layers after model.layers[', async () => {
    const line = place(document, 'for layer in model.layers', 0).line;
    const broken = new vscode.WorkspaceEdit();
    broken.insert(document.uri, new vscode.Position(line, 0), 'model.layers[\n');
    await vscode.workspace.applyEdit(broken);
    const at = new vscode.Position(line, 'model.layers['.length);
    const labels = await eventually('completions', async () => {
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        document.uri,
        at,
        '[',
      );
      const details = list.items
        .filter((item) => /^[01]$/.test(typeof item.label === 'string' ? item.label : item.label.label))
        .map((item) => JSON.stringify([item.label, item.detail]));
      return details.length === 2 ? details : undefined;
    });
    assert.match(labels[0] ?? '', /Dense.*\(None, 64\)/);
    assert.match(labels[1] ?? '', /Dense.*\(None, 10\)/);
    await vscode.commands.executeCommand('undo');
    assert.doesNotMatch(document.getText(), /^model\.layers\[$/m);
  });

  it('has an outline with layers, and definitions lead to the line that makes one', async () => {
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      document.uri,
    );
    const model = symbols.find((symbol) => symbol.name === 'MyModel');
    assert.deepEqual(model?.children.map((child) => child.name).filter((name) => name.startsWith('dense')), ['dense1', 'dense2']);
    const [target] = await vscode.commands.executeCommand<vscode.Location[]>(
      'vscode.executeDefinitionProvider',
      document.uri,
      place(document, 'model.layers[1]', 13),
    );
    assert.ok(target);
    assert.match(document.lineAt(target.range.start.line).text, /self\.dense2 = /);
  });

  it('finds all uses of a layer, renames it everywhere, and says above the class how big it is', async () => {
    const at = place(document, 'self.dense1(inputs)', 6);
    const uses = await vscode.commands.executeCommand<vscode.Location[]>('vscode.executeReferenceProvider', document.uri, at);
    const texts = uses.map(({ range }) => textAt(document, range));
    assert.ok(texts.filter((text) => text === 'dense1').length === 2, texts.join(', '));
    const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      document.uri,
      at,
      'first',
    );
    assert.equal(edit.get(document.uri).length, 2);
    const [lens] = await eventually('a lens', async () => {
      const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri);
      return found.some(({ command }) => command?.title.includes('2,762 parameters')) ? found : undefined;
    });
    assert.equal(textAt(document, lens?.range ?? new vscode.Range(0, 0, 0, 0)), 'MyModel');
    assert.equal(lens?.command?.command, 'kerasLsp.showModel');
  });

  it('applies a fix that takes the error away', async () => {
    // VS Code answers with nothing when the text's markers change while it asks, and what is underlined
    // right after an undo still stands where the text before it had it.
    const edit = await eventually('a fix', async () => {
      const error = findings(document.uri).find((one) => one.severity === vscode.DiagnosticSeverity.Error);
      if (!error) return undefined;
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        error.range,
      );
      return actions.find((action) => action.isPreferred)?.edit;
    });
    assert.ok(await vscode.workspace.applyEdit(edit));
    await eventually('no findings', () => findings(document.uri).length === 0);
  });

  it('follows an unsaved edit', async () => {
    const at = place(document, 'Dense(64', 6);
    await editor.edit((edit) => {
      edit.replace(new vscode.Range(at, at.translate(0, 2)), '128');
    });
    const card = await hover(document, place(document, 'self.dense1(inputs)', 6), '(None, 128)');
    assert.match(card.text, /kernel +\(32, 128\)/);
    assert.ok(document.isDirty);
  });

  it('explains a rule as a Markdown preview', async () => {
    await vscode.commands.executeCommand('kerasLsp.explainRule', 'KL102');
    await eventually('a preview', () =>
      vscode.window.tabGroups.all.some((group) => group.tabs.some((tab) => tab.label.includes('KL102'))),
    );
    const text = await vscode.workspace.openTextDocument(vscode.Uri.parse('keras-lsp:/KL102.md'));
    assert.match(text.getText(), /^# KL102/);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('sets the input shape of a class that nobody calls', async () => {
    const lonely = await open('lonely.py', 'keras');
    await statusOf(/\$\(check\)/);
    await vscode.commands.executeCommand('kerasLsp.setInputShape', 'Lonely', '(None, 77)');
    const card = await hover(lonely.document, place(lonely.document, 'self.dense(inputs)', 6), '(77, 3)');
    assert.match(card.text, /kernel/);
  });

  it('finds mistakes in files that are not open, when somebody asks', async () => {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    assert.ok(folder);
    const closed = vscode.Uri.joinPath(folder.uri, 'closed.py');
    const text = 'import keras\nmodel = keras.Sequential([keras.layers.Dense(3)])\nmodel.layers[0].weights[0]\n';
    await vscode.workspace.fs.writeFile(closed, new TextEncoder().encode(text));
    void vscode.commands.executeCommand('kerasLsp.checkWorkspace'); // ends when its message is closed
    const [found] = await eventually('a finding', () => {
      const all = findings(closed);
      return all.length > 0 ? all : undefined;
    });
    assert.match(found?.message ?? '', /has no weights yet/);
    await vscode.workspace.fs.delete(closed);
    await eventually('no finding', () => (findings(closed).length === 0 ? true : undefined));
  });

  it('leaves files without Keras alone', async () => {
    const plain = await open('plain.py', 'keras');
    await statusOf(/^Keras$/);
    assert.deepEqual(findings(plain.document.uri), []);
    assert.equal((await hints(plain.document)).size, 0);
  });
});

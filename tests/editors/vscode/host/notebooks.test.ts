// A notebook in VS Code's own notebook editor: its cells are one program, each with places of its own.
import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually, findings, folder, hints, hover, place, statusOf, textAt } from './helpers';

describe('notebooks', () => {
  let notebook: vscode.NotebookDocument;
  const cell = (number: number): vscode.TextDocument => notebook.cellAt(number).document;

  before(async () => {
    notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.joinPath(folder('keras').uri, 'cells.ipynb'));
    await vscode.window.showNotebookDocument(notebook);
    await statusOf(/\$\(check\) Keras 3/);
  });

  it('shows a card over exactly the text in a cell, on what another cell made', async () => {
    const use = cell(4);
    const card = await hover(use, place(use, 'model.layers[0]', 13), '(None, 64)');
    assert.equal(card.range, 'model.layers[0]');
    assert.match(card.text, /kernel +\(32, 64\)/);
    assert.match(card.text, /of cell \d/);
  });

  it('shows output shapes as hints in the cell of the line', async () => {
    const shown = await eventually('hints', async () => {
      const found = await hints(cell(2));
      return found.size >= 2 ? found : undefined;
    });
    assert.match(shown.get('return self.out(self.hidden(x))') ?? '', /\(None, 10\)/);
    assert.equal((await hints(cell(0))).size, 0);
  });

  it('leads from a cell to the line of another one', async () => {
    const use = cell(4);
    const [target] = await vscode.commands.executeCommand<vscode.Location[]>(
      'vscode.executeDefinitionProvider',
      use.uri,
      place(use, 'model.layers[0]', 13),
    );
    assert.equal(target?.uri.toString(), cell(2).uri.toString());
    assert.match(cell(2).lineAt(target.range.start.line).text, /self\.hidden = /);
  });

  it('completes layers in a cell', async () => {
    const use = cell(4);
    const end = use.lineAt(use.lineCount - 1).range.end;
    const broken = new vscode.WorkspaceEdit();
    broken.insert(use.uri, end, '\nmodel.layers[');
    await vscode.workspace.applyEdit(broken);
    await eventually('completions', async () => {
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        use.uri,
        use.lineAt(use.lineCount - 1).range.end,
        '[',
      );
      return list.items.some((item) => /Dense.*\(None, 64\)/.test(JSON.stringify([item.label, item.detail])));
    });
    const mended = new vscode.WorkspaceEdit();
    mended.delete(use.uri, new vscode.Range(end, use.lineAt(use.lineCount - 1).range.end));
    await vscode.workspace.applyEdit(mended);
  });

  it('underlines a mistake in its cell, and the fix is made there', async () => {
    const early = cell(3);
    const error = await eventually('the error', () =>
      findings(early.uri).find((one) => one.severity === vscode.DiagnosticSeverity.Error),
    );
    assert.equal(textAt(early, error.range), 'model.layers[0].weights[0]');
    assert.deepEqual(findings(cell(4).uri), []);
    const edit = await eventually('a fix', async () => {
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        early.uri,
        error.range,
      );
      return actions.find((action) => action.isPreferred)?.edit;
    });
    assert.deepEqual(edit.entries().map(([uri]) => uri.toString()), [early.uri.toString()]);
    assert.ok(await vscode.workspace.applyEdit(edit));
    await eventually('no findings', () => findings(early.uri).length === 0);
  });

  it('follows an unsaved edit in one cell through the others', async () => {
    const made = cell(2);
    const at = place(made, 'Dense(64', 6);
    const change = new vscode.WorkspaceEdit();
    change.replace(made.uri, new vscode.Range(at, at.translate(0, 2)), '128');
    await vscode.workspace.applyEdit(change);
    const use = cell(4);
    await hover(use, place(use, 'model.layers[0]', 13), '(32, 128)');
  });

  it('forgets a cell that is taken out', async () => {
    const edit = new vscode.WorkspaceEdit();
    const data = new vscode.NotebookCellData(
      vscode.NotebookCellKind.Code,
      'late = Net()\nlate.layers[0].weights[0]',
      'python',
    );
    edit.set(notebook.uri, [vscode.NotebookEdit.insertCells(5, [data])]);
    await vscode.workspace.applyEdit(edit);
    const { uri } = cell(5);
    await eventually('a finding in the new cell', () => findings(uri).length === 1);
    const removal = new vscode.WorkspaceEdit();
    removal.set(notebook.uri, [vscode.NotebookEdit.deleteCells(new vscode.NotebookRange(5, 6))]);
    await vscode.workspace.applyEdit(removal);
    await eventually('no findings', () => findings(uri).length === 0);
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });
});

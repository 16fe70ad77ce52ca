import {
  ConfigurationTarget,
  type DocumentSymbol,
  type QuickPickItem,
  SymbolKind,
  type TextEditor,
  commands,
  window,
  workspace,
} from 'vscode';

import type { ServerAccess } from '../access';
import { type LayerData, MODEL, type ModelData } from '../protocol';
import { SECTION } from '../settings';
import { type KnownInput, knownInputs } from './knownInputs';

const TITLE = 'Set Input Shape';
const EXAMPLE = '(None, 32)';

/** Asks for a class, a shape and for how long it counts; what is given as arguments is not asked for. */
export async function setInputShape(server: ServerAccess, givenClass: unknown, givenShape: unknown): Promise<void> {
  const editor = window.activeTextEditor;
  const model = editor && (await modelAt(server, editor));
  const layers = model?.replay?.layers ?? [];
  const className = typeof givenClass === 'string' ? givenClass : editor && (await pickClass(editor, layers));
  if (className === undefined) {
    return;
  }
  if (typeof givenShape === 'string') {
    await server.execute('kerasLsp.setInputShape', className, givenShape);
    return;
  }
  const shape = await pickShape(server, className, knownInputs(layers, className));
  if (shape !== undefined) {
    await offerToKeep(className, shape);
  }
}

async function modelAt(server: ServerAccess, editor: TextEditor): Promise<ModelData | null> {
  const { document, selection } = editor;
  return server.request<ModelData | null>(MODEL, {
    uri: document.uri.toString(),
    position: { line: selection.active.line, character: selection.active.character },
  });
}

/** The class at the cursor comes first; with only one class there is no question. */
async function pickClass(editor: TextEditor, layers: LayerData[]): Promise<string | undefined> {
  const symbols =
    (await commands.executeCommand<DocumentSymbol[] | undefined>(
      'vscode.executeDocumentSymbolProvider',
      editor.document.uri,
    )) ?? [];
  const classes = symbols.filter((symbol) => symbol.kind === SymbolKind.Class && symbol.detail);
  const here = classes.find((symbol) => symbol.range.contains(editor.selection.active));
  const own = layers.filter((layer) => layer.isUserClass && layer.kind === 'subclass');
  const names = [
    ...new Set([...(here ? [here.name] : []), ...own.map((layer) => layer.className), ...classes.map((c) => c.name)]),
  ];
  if (names.length === 0) {
    void window.showInformationMessage('This file defines no model class.');
    return undefined;
  }
  if (names.length === 1) {
    return names[0];
  }
  return window.showQuickPick(names, { title: TITLE, placeHolder: 'Of which class?' });
}

/** Stays open, with the reason, until the server takes the shape; undefined when the user gives up. */
async function pickShape(server: ServerAccess, className: string, known: KnownInput[]): Promise<string | undefined> {
  const picker = window.createQuickPick<QuickPickItem & { shape: string }>();
  picker.title = `${TITLE}: ${className}`;
  picker.placeholder = `A shape with its batch axis, such as ${EXAMPLE}`;
  const offered = known.length > 0 ? known : [{ shape: EXAMPLE, description: 'an example' }];
  const candidates = offered.map((each) => ({ ...each, label: each.shape }));
  const list = (problem = '') => {
    const typed = picker.value.trim();
    const other = typed && !candidates.some((candidate) => candidate.shape === typed);
    const item = { shape: typed, label: typed, description: 'as typed', detail: problem, alwaysShow: true };
    const refused = candidates.map((each) => (each.shape === typed ? { ...each, detail: problem } : each));
    picker.items = other ? [problem ? item : { ...item, detail: '' }, ...candidates] : refused;
  };
  list();
  return new Promise((resolve) => {
    picker.onDidChangeValue(() => {
      list();
    });
    picker.onDidAccept(async () => {
      const shape = picker.activeItems[0]?.shape ?? picker.value.trim();
      picker.busy = true;
      try {
        await server.execute('kerasLsp.setInputShape', className, shape);
        resolve(shape);
        picker.hide();
      } catch (error) {
        picker.value = shape;
        list(error instanceof Error ? error.message : String(error));
      } finally {
        picker.busy = false;
      }
    });
    picker.onDidHide(() => {
      resolve(undefined);
      picker.dispose();
    });
    picker.show();
  });
}

async function offerToKeep(className: string, shape: string): Promise<void> {
  const keep = 'Keep in Workspace Settings';
  const answer = await window.showInformationMessage(
    `${className} is now replayed with the input ${shape}, until this window closes.`,
    ...(workspace.workspaceFolders ? [keep] : []),
  );
  if (answer === keep) {
    const configuration = workspace.getConfiguration(SECTION);
    const before = configuration.inspect<Record<string, string>>('inputShapes')?.workspaceValue ?? {};
    await configuration.update('inputShapes', { ...before, [className]: shape }, ConfigurationTarget.Workspace);
  }
}

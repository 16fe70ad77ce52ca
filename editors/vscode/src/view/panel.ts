// The panel of the model view: keeps a page beside the editor up to date, and takes its clicks to the text.

import { randomBytes } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { ServerAccess } from '../access';
import { activeDocument } from '../active';
import { MODEL, STATUS } from '../protocol';
import { page } from './page';
import { type FromPage, MODEL_AT, type ModelAnswer, type PlaceAnswer, type Range, type Status, type ToPage } from './protocol';

export const OPEN_COMMAND = 'kerasLsp.showModel';
const VIEW_TYPE = 'kerasLsp.modelView';
const CURSOR_DELAY = 80; // milliseconds

export function registerModelView(context: vscode.ExtensionContext, access: ServerAccess): void {
  let panel: ModelPanel | null = null;
  const adopt = (found: vscode.WebviewPanel, uri: string | null): void => {
    panel?.dispose();
    const made = new ModelPanel(found, context.extensionUri, access, uri);
    panel = made;
    found.onDidDispose(() => {
      made.dispose();
      if (panel === made) panel = null;
    });
  };
  context.subscriptions.push(
    vscode.commands.registerCommand(OPEN_COMMAND, (place?: Place) => {
      if (place?.position !== undefined) goTo(place.uri, place.position);
      const uri = uriOf(activeDocument());
      if (panel !== null) {
        panel.reveal(uri);
        return;
      }
      const where = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      adopt(vscode.window.createWebviewPanel(VIEW_TYPE, 'Keras Model', where, options(context.extensionUri)), uri);
    }),
    // After a reload of the window VS Code brings the panel back, and the page its own state.
    vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
      deserializeWebviewPanel: (found) => {
        found.webview.options = options(context.extensionUri);
        adopt(found, uriOf(activeDocument() ?? vscode.window.visibleTextEditors[0]?.document));
        return Promise.resolve();
      },
    }),
    { dispose: () => panel?.dispose() },
  );
}

/** What a code lens is about: the cursor goes there, and the page follows the cursor. */
interface Place {
  uri: string;
  position?: { line: number; character: number };
}

function goTo(uri: string, { line, character }: { line: number; character: number }): void {
  const editor = vscode.window.visibleTextEditors.find((one) => one.document.uri.toString() === uri);
  if (editor !== undefined) editor.selection = new vscode.Selection(line, character, line, character);
}

function options(root: vscode.Uri): vscode.WebviewPanelOptions & vscode.WebviewOptions {
  return {
    enableScripts: true,
    enableForms: false,
    retainContextWhenHidden: false,
    localResourceRoots: [vscode.Uri.joinPath(root, 'dist')],
  };
}

function uriOf(document: vscode.TextDocument | undefined): string | null {
  return document?.languageId === 'python' ? document.uri.toString() : null;
}

class ModelPanel {
  private readonly subscriptions: vscode.Disposable[] = [];
  private ready = false;
  private asked = 0; // an answer to an older question is dropped
  private cursor: NodeJS.Timeout | undefined;

  constructor(
    private readonly panel: vscode.WebviewPanel,
    root: vscode.Uri,
    private readonly access: ServerAccess,
    private uri: string | null,
  ) {
    const { webview } = panel;
    const resource = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(root, 'dist', name)).toString();
    this.subscriptions.push(
      webview.onDidReceiveMessage((message: FromPage) => {
        this.take(message);
      }),
      // Each is also the sign that a replay is over.
      access.onNotification(STATUS, (status) => {
        this.status(status as Status);
      }),
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        this.follow(editor);
      }),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
        this.moved(textEditor);
      }),
      panel.onDidChangeViewState(() => {
        if (panel.visible && this.ready) void this.refresh();
      }),
    );
    webview.html = page({
      nonce: randomBytes(16).toString('base64'),
      script: resource('modelView.js'),
      style: resource('modelView.style.css'),
      styleSource: webview.cspSource,
    });
  }

  reveal(uri: string | null): void {
    if (uri !== null) this.uri = uri;
    this.panel.reveal(undefined, true);
    void this.refresh();
  }

  dispose(): void {
    clearTimeout(this.cursor);
    for (const subscription of this.subscriptions.splice(0)) subscription.dispose();
  }

  // -- what happens in the editor

  private follow(editor: vscode.TextEditor | undefined): void {
    const uri = uriOf(editor?.document);
    if (uri === null || uri === this.uri) return;
    this.uri = uri;
    void this.refresh();
  }

  private moved(editor: vscode.TextEditor): void {
    if (editor.document.uri.toString() !== this.uri) return;
    clearTimeout(this.cursor);
    this.cursor = setTimeout(() => void this.point(editor), CURSOR_DELAY);
  }

  private status(status: Status): void {
    if (status.uri !== this.uri) return;
    this.send({ type: 'status', status });
    if (status.state !== 'building') void this.refresh();
  }

  // -- what the page is told

  private async refresh(): Promise<void> {
    if (!this.ready || !this.panel.visible) return;
    const { uri } = this;
    if (uri === null) {
      this.send({ type: 'nothing', reason: 'Open a Python file with a Keras model.' });
      return;
    }
    const number = (this.asked += 1);
    const answer = await this.ask<ModelAnswer>(MODEL, { uri, view: true, replay: false });
    if (number !== this.asked) return;
    if (answer === null) {
      this.send({ type: 'nothing', reason: 'keras-lsp does not know this file, or its server is not running.' });
      return;
    }
    const name = path.posix.basename(vscode.Uri.parse(uri).path);
    this.panel.title = `Model: ${name}`;
    this.send({ type: 'model', name, answer });
    const editor = vscode.window.visibleTextEditors.find((one) => one.document.uri.toString() === uri);
    if (editor !== undefined) await this.point(editor);
  }

  private async point(editor: vscode.TextEditor): Promise<void> {
    if (!this.ready || !this.panel.visible) return;
    const { line, character } = editor.selection.active;
    const uri = editor.document.uri.toString();
    const here = await this.ask<PlaceAnswer>(MODEL_AT, { uri, position: { line, character } });
    if (here !== null && uri === this.uri) this.send({ type: 'here', here });
  }

  /** null when there is no server, or it does not know the document. */
  private async ask<Answer>(method: string, params: object): Promise<Answer | null> {
    try {
      return await this.access.request<Answer | null>(method, params);
    } catch {
      return null; // the client tells of a server that does not run
    }
  }

  private send(message: ToPage): void {
    void this.panel.webview.postMessage(message);
  }

  // -- what the page asks for

  private take(message: FromPage): void {
    if (message.type === 'ready') {
      this.ready = true;
      void this.refresh();
    } else if (message.type === 'reveal') void this.open(message.uri, message.range, message.focus);
    else void this.save(message.name, message.kind, message.data);
  }

  private async open(uri: string, range: Range, focus: boolean): Promise<void> {
    const target = vscode.Uri.parse(uri);
    const shown = vscode.window.visibleTextEditors.find((one) => one.document.uri.toString() === uri);
    const selection = new vscode.Range(
      range.start.line,
      range.start.character,
      range.end.line,
      range.end.character,
    );
    const column = shown?.viewColumn ?? vscode.ViewColumn.One;
    await vscode.window.showTextDocument(target, { viewColumn: column, preserveFocus: !focus, selection });
  }

  private async save(name: string, kind: 'svg' | 'png', data: string): Promise<void> {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const file = `${name.replace(/[^\w.-]+/g, '_')}.${kind}`;
    const filters = kind === 'svg' ? { 'SVG image': ['svg'] } : { 'PNG image': ['png'] };
    const target = await vscode.window.showSaveDialog({
      ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, file) }),
      filters,
    });
    if (target === undefined) return;
    await vscode.workspace.fs.writeFile(target, Buffer.from(data, kind === 'svg' ? 'utf-8' : 'base64'));
  }
}

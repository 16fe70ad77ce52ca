import {
  type Disposable,
  type ExtensionContext,
  MarkdownString,
  StatusBarAlignment,
  ThemeColor,
  commands,
  window,
  workspace,
} from 'vscode';

import type { ServerAccess } from './access';
import { activeDocument } from './active';
import { STATUS, type StatusParams } from './protocol';

/** What the status bar says of the document that is looked at. */
export interface Shown {
  text: string;
  detail: string;
  alert: 'none' | 'warning' | 'error';
}

export class Status implements Disposable {
  private readonly item = window.createStatusBarItem('kerasLsp.status', StatusBarAlignment.Right, 95);
  private readonly byDocument = new Map<string, StatusParams>();
  private readonly listening: { dispose(): unknown }[];

  constructor(private readonly server: ServerAccess) {
    this.item.name = 'Keras';
    this.item.command = 'kerasLsp.menu';
    const show = () => {
      this.show();
    };
    this.listening = [
      this.item,
      server.onNotification(STATUS, (params) => {
        const status = params as StatusParams;
        this.byDocument.set(status.uri, status);
        this.show();
      }),
      server.onDidChangeState((state) => {
        if (state !== 'running') {
          this.byDocument.clear();
        }
        this.show();
      }),
      workspace.onDidCloseTextDocument((document) => {
        this.byDocument.delete(document.uri.toString());
      }),
      workspace.onDidGrantWorkspaceTrust(show),
      window.onDidChangeActiveTextEditor(show),
      window.onDidChangeActiveNotebookEditor(show),
      window.onDidChangeNotebookEditorSelection(show),
    ];
    this.show();
  }

  /** Of the active Python document; undefined when there is none. */
  get current(): StatusParams | undefined {
    const document = activeDocument();
    return document && this.byDocument.get(document.uri.toString());
  }

  get shown(): Shown {
    return shownFor(this.server, this.current, workspace.isTrusted);
  }

  dispose(): void {
    for (const listener of this.listening) {
      listener.dispose();
    }
  }

  private show(): void {
    const { current } = this;
    // Decides whether the editor's title offers the model view.
    void commands.executeCommand('setContext', 'kerasLsp.hasModel', current !== undefined && current.state !== 'static');
    const python = activeDocument()?.languageId === 'python';
    if (!python && this.server.state !== 'failed') {
      this.item.hide();
      return;
    }
    const { text, detail, alert } = this.shown;
    this.item.text = text;
    this.item.tooltip = new MarkdownString(`**keras-lsp**\n\n${escaped(detail)}`);
    this.item.backgroundColor =
      alert === 'none' ? undefined : new ThemeColor(`statusBarItem.${alert}Background`);
    this.item.accessibilityInformation = { label: `Keras: ${detail}`, role: 'button' };
    this.item.show();
  }
}

export function registerStatus(context: ExtensionContext, server: ServerAccess): Status {
  const status = new Status(server);
  context.subscriptions.push(status);
  return status;
}

export function shownFor(
  server: Pick<ServerAccess, 'state' | 'problem'>,
  status: StatusParams | undefined,
  trusted: boolean,
): Shown {
  switch (server.state) {
    case 'starting':
      return { text: '$(loading~spin) Keras', detail: 'The server is being started.', alert: 'none' };
    case 'restarting':
      return { text: '$(loading~spin) Keras', detail: `${server.problem} It is being restarted.`, alert: 'none' };
    case 'failed':
      return { text: '$(error) Keras', detail: server.problem, alert: 'error' };
    case 'stopped':
      return { text: '$(circle-slash) Keras', detail: 'The server is stopped.', alert: 'none' };
    case 'running':
      return ofDocument(status, trusted);
  }
}

function ofDocument(status: StatusParams | undefined, trusted: boolean): Shown {
  if (!status) {
    return { text: 'Keras', detail: 'The server is running.', alert: 'none' };
  }
  const name = status.summary || 'Keras';
  const detail = [status.summary, status.reason].filter(Boolean).join('. ').replace('..', '.');
  switch (status.state) {
    case 'static':
      return { text: 'Keras', detail, alert: 'none' };
    case 'building':
      return { text: `$(sync~spin) ${name}`, detail, alert: 'none' };
    case 'ready':
      return { text: `$(check) ${name}`, detail: `${name}: shapes and weights are exact.`, alert: 'none' };
    case 'failed':
      return { text: `$(warning) ${name}`, detail, alert: 'warning' };
    case 'unavailable':
      return trusted
        ? { text: '$(info) Keras: text only', detail, alert: 'none' }
        : { text: '$(shield) Keras: not trusted', detail, alert: 'none' };
  }
}

function escaped(text: string): string {
  return text.replace(/[\\*_{}[\]()#+!<>|]/g, '\\$&');
}

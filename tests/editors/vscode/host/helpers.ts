import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

import * as vscode from 'vscode';

import type { ExtensionApi } from '../../../../editors/vscode/src/extension';
import type { StatusParams } from '../../../../editors/vscode/src/protocol';

export const ID = 'keras-lsp.keras-lsp';

/** The exact folders of the workspace, as the driver made them. */
export function folder(name: string): vscode.WorkspaceFolder {
  const found = vscode.workspace.workspaceFolders?.find((one) => path.basename(one.uri.fsPath) === name);
  assert.ok(found, `no folder ${name}`);
  return found;
}

export async function api(): Promise<ExtensionApi> {
  const extension = vscode.extensions.getExtension<ExtensionApi>(ID);
  assert.ok(extension, 'the extension is not installed');
  return extension.activate();
}

/** What `look` answers once it is not undefined, null or false. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  seconds = 50,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) {
      return found;
    }
    last = found;
    if (Date.now() > deadline) {
      throw new Error(`never came: ${what}; the last look saw ${String(last)}; status: ${JSON.stringify((await api()).status())}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function open(file: string, inFolder: string): Promise<vscode.TextEditor> {
  const uri = vscode.Uri.joinPath(folder(inFolder).uri, file);
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
}

export async function statusOf(text: RegExp): Promise<string> {
  const { status } = await api();
  return eventually(`status ${String(text)}`, () => (text.test(status().text) ? status().text : undefined));
}

/** The place right after `needle` plus `after` characters into it. */
export function place(document: vscode.TextDocument, needle: string, after: number): vscode.Position {
  const index = document.getText().indexOf(needle);
  assert.notEqual(index, -1, `no ${needle}`);
  return document.positionAt(index + after);
}

export function textAt(document: vscode.TextDocument, range: vscode.Range): string {
  return document.getText(range);
}

export async function hover(
  document: vscode.TextDocument,
  at: vscode.Position,
  wanted: string,
): Promise<{ text: string; range: string }> {
  return eventually(`a hover with ${wanted}`, async () => {
    const found = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      at,
    );
    for (const one of found) {
      const text = one.contents.map((part) => (part as vscode.MarkdownString).value).join('\n');
      if (text.includes(wanted)) {
        return { text, range: one.range ? textAt(document, one.range) : '' };
      }
    }
    return undefined;
  });
}

export async function hints(document: vscode.TextDocument): Promise<Map<string, string>> {
  const all = new vscode.Range(0, 0, document.lineCount, 0);
  const found = await vscode.commands.executeCommand<vscode.InlayHint[]>(
    'vscode.executeInlayHintProvider',
    document.uri,
    all,
  );
  return new Map(
    found.map((hint) => [
      document.lineAt(hint.position.line).text.trim(),
      typeof hint.label === 'string' ? hint.label : hint.label.map((part) => part.value).join(''),
    ]),
  );
}

export function findings(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter((one) => one.source === 'keras-lsp');
}

/** Whether the process has not ended. */
export function alive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) {
    return false;
  }
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

export type { StatusParams };

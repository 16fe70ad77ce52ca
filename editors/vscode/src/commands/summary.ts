import { env, window } from 'vscode';

import type { ServerAccess } from '../access';

/** The model at the cursor, else the first of the file, as text that lines up wherever it is pasted. */
export async function copySummary(server: ServerAccess): Promise<void> {
  const editor = window.activeTextEditor;
  if (!editor) {
    return;
  }
  const { line, character } = editor.selection.active;
  const text = await server.execute<string | null>('kerasLsp.summary', {
    uri: editor.document.uri.toString(),
    position: { line, character },
  });
  if (text) {
    await env.clipboard.writeText(text);
    window.setStatusBarMessage('$(clippy) The summary of the model is in the clipboard.', 4000);
  } else {
    void window.showInformationMessage('This file has no model.');
  }
}

import { type TextDocument, window } from 'vscode';

/** What the user looks at: the text of the active editor, or the selected cell of a notebook. */
export function activeDocument(): TextDocument | undefined {
  const { activeTextEditor, activeNotebookEditor } = window;
  if (activeTextEditor || !activeNotebookEditor) {
    return activeTextEditor?.document;
  }
  const { notebook, selection } = activeNotebookEditor;
  return selection.start < notebook.cellCount ? notebook.cellAt(selection.start).document : undefined;
}

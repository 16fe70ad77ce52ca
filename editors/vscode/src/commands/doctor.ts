import { ProgressLocation, Uri, window, workspace } from 'vscode';

import type { ServerAccess } from '../access';
import { activeDocument } from '../active';
import type { Documents } from '../documents';

const COMMAND = 'kerasLsp.doctor';

/** Shows which Python and which Keras are used for the active document, and whether replays work. */
export async function doctor(server: ServerAccess, documents: Documents): Promise<void> {
  if (!server.offers(COMMAND)) {
    void window.showInformationMessage('This server has no doctor report.');
    return;
  }
  const uri = activeDocument()?.uri ?? workspace.workspaceFolders?.[0]?.uri ?? Uri.file('/');
  const report = await window.withProgress(
    { location: ProgressLocation.Window, title: 'Keras: examining the environment' },
    () => server.execute<string>(COMMAND, uri.toString()),
  );
  await documents.show('Doctor report', report);
}

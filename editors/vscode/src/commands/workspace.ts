import { ProgressLocation, commands, window } from 'vscode';

import type { ServerAccess } from '../access';

/** Looks at all files of the folders; what is found in closed ones goes to the Problems panel. */
export async function checkWorkspace(server: ServerAccess): Promise<void> {
  const told = await window.withProgress({ location: ProgressLocation.Window, title: 'Keras' }, () =>
    server.execute<string>('kerasLsp.checkWorkspace'),
  );
  const show = 'Show Problems';
  if ((await window.showInformationMessage(told, show)) === show) {
    await commands.executeCommand('workbench.actions.view.problems');
  }
}

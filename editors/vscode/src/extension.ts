import { type ExtensionContext, window } from 'vscode';

import type { ServerAccess } from './access';
import { registerCommands } from './commands';
import { registerFailureMessage } from './failure';
import { registerOutline } from './outline';
import { Server } from './server';
import { Settings } from './settings';
import { type Shown, registerStatus } from './status';
import { registerModelView } from './view/panel';

/** What `activate` answers; the tests of the extension use it. */
export interface ExtensionApi {
  server: ServerAccess & Pick<Server, 'processId' | 'startNow'>;
  status(): Shown;
}

let server: Server | undefined;

export function activate(context: ExtensionContext): ExtensionApi {
  const log = window.createOutputChannel('keras-lsp', { log: true });
  const settings = new Settings();
  const started = (server = new Server(context.extensionPath, settings, log, context.globalState));
  context.subscriptions.push(log, settings, started);
  const status = registerStatus(context, started);
  registerCommands(context, started, status, log);
  registerFailureMessage(context, started);
  registerModelView(context, started);
  registerOutline(context, started);
  void started.restart();
  return { server: started, status: () => status.shown };
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

import { type ExtensionContext, commands, window } from 'vscode';

import type { ServerAccess } from './access';

const ACTIONS: Record<string, () => Thenable<unknown>> = {
  Restart: () => commands.executeCommand('kerasLsp.restart'),
  'Choose Interpreter': () => commands.executeCommand('workbench.action.openSettings', 'kerasLsp.serverInterpreter'),
  'Show Output': () => commands.executeCommand('kerasLsp.showOutput'),
};

/** One message, with ways out, when there is no server and there will be none without the user. */
export function registerFailureMessage(context: ExtensionContext, server: ServerAccess): void {
  context.subscriptions.push(
    server.onDidChangeState(async (state) => {
      if (state === 'failed') {
        const answer = await window.showErrorMessage(`keras-lsp: ${server.problem}`, ...Object.keys(ACTIONS));
        await ACTIONS[answer ?? '']?.();
      }
    }),
  );
}

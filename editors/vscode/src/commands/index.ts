import { type ExtensionContext, type LogOutputChannel, commands, window } from 'vscode';

import { activeDocument } from '../active';
import { Documents } from '../documents';
import type { Server } from '../server';
import type { Status } from '../status';
import { doctor } from './doctor';
import { setInputShape } from './inputShape';
import { copySummary } from './summary';
import { showMenu } from './menu';
import { explainRule } from './rules';
import { checkWorkspace } from './workspace';

/** Registers every command of the extension, once for the life of the window. */
export function registerCommands(
  context: ExtensionContext,
  server: Server,
  status: Status,
  log: LogOutputChannel,
): void {
  const documents = new Documents(context, (code) => server.execute<string>('kerasLsp.explainRule', code));
  const actions: Record<string, (...given: unknown[]) => unknown> = {
    menu: () => showMenu(server, status),
    restart: () => server.restart(),
    rebuild: async (uri) => {
      const named = typeof uri === 'string' ? uri : activeDocument()?.uri.toString();
      if (named !== undefined) {
        await server.execute('kerasLsp.rebuild', named);
      }
    },
    restartWorker: () => server.execute('kerasLsp.restartWorker'),
    showOutput: () => {
      log.show();
    },
    copySummary: () => copySummary(server),
    checkWorkspace: () => checkWorkspace(server),
    showFinding: (where) => server.execute('kerasLsp.showFinding', where),
    setInputShape: (className, shape) => setInputShape(server, className, shape),
    explainRule: (code) => explainRule(server, documents, code),
    doctor: () => doctor(server, documents),
    openWalkthrough: () =>
      commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#start`, false),
  };
  for (const [name, act] of Object.entries(actions)) {
    context.subscriptions.push(
      commands.registerCommand(`kerasLsp.${name}`, async (...given: unknown[]) => {
        try {
          return await act(...given);
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          log.error(`${name}: ${message}`);
          void window.showErrorMessage(`keras-lsp: ${message}`);
          return undefined;
        }
      }),
    );
  }
}

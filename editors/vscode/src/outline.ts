import { type ExtensionContext, languages } from 'vscode';

import type { ServerAccess } from './access';
import { activeDocument } from './active';
import { STATUS, type StatusParams } from './protocol';

/**
 * Lets an outline show the shapes that a replay has found. VS Code asks for symbols when a text changes or there is
 * another provider of them, and no request of the protocol tells it that they are others for the same text.
 */
export function registerOutline(context: ExtensionContext, server: Pick<ServerAccess, 'onNotification'>): void {
  context.subscriptions.push(
    server.onNotification(STATUS, (params) => {
      const { uri, state } = params as StatusParams;
      if ((state === 'ready' || state === 'failed') && activeDocument()?.uri.toString() === uri) {
        languages
          .registerDocumentSymbolProvider({ language: 'python' }, { provideDocumentSymbols: () => [] })
          .dispose();
      }
    }),
  );
}

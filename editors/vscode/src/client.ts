import type { LogOutputChannel } from 'vscode';
import {
  CloseAction,
  type DynamicFeature,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  RevealOutputChannelOn,
  type StaticFeature,
  TransportKind,
} from 'vscode-languageclient/node';

import type { CommandLine } from './commandLine';

export interface ClientOptions {
  command: CommandLine;
  log: LogOutputChannel;
  initializationOptions: () => Record<string, unknown>;
  settings: () => Record<string, unknown>;
}

/** A client that leaves the command palette to the extension, and pop-ups and restarts to `Server`. */
class KerasClient extends LanguageClient {
  /**
   * The library would register each command of the server with the editor, under the same name for every
   * server: a second one would fail to start. The extension registers its commands itself, once.
   */
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    const dynamic = 'registrationType' in feature ? feature.registrationType.method : undefined;
    if (dynamic !== ExecuteCommandRequest.method) {
      super.registerFeature(feature);
    }
  }

  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export function makeClient({ command, log, initializationOptions, settings }: ClientOptions): LanguageClient {
  const [program = '', ...rest] = command;
  return new KerasClient(
    'kerasLsp',
    'keras-lsp',
    { command: program, args: rest, transport: TransportKind.stdio },
    {
      documentSelector: [
        { scheme: 'file', language: 'python' },
        { scheme: 'untitled', language: 'python' },
        ...['file', 'untitled'].map((scheme) => ({
          notebook: { scheme, notebookType: 'jupyter-notebook' },
          language: 'python',
        })),
      ],
      outputChannel: log,
      traceOutputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
      },
      middleware: {
        workspace: {
          configuration: (params) =>
            params.items.map((item) => (item.section === 'kerasLsp' ? settings() : null)),
        },
      },
    },
  );
}

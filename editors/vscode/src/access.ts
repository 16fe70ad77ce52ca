import type { Disposable, Event } from 'vscode';

export type ServerState = 'starting' | 'running' | 'restarting' | 'failed' | 'stopped';

/** What other parts of the extension may do with the server. All of it survives restarts. */
export interface ServerAccess {
  readonly state: ServerState;
  /** Why there is no server, in the states `restarting` and `failed`. */
  readonly problem: string;
  readonly onDidChangeState: Event<ServerState>;
  /** Rejects while no server runs. */
  request<Result>(method: string, params: object): Promise<Result>;
  /** `workspace/executeCommand`. Rejects while no server runs. */
  execute<Result>(command: string, ...commandArguments: unknown[]): Promise<Result>;
  /** Whether the running server knows the command. */
  offers(command: string): boolean;
  onNotification(method: string, handler: (params: unknown) => void): Disposable;
}

import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { Disposable, EventEmitter, type LogOutputChannel, type Memento, workspace } from 'vscode';
import { DidChangeConfigurationNotification, type LanguageClient, State } from 'vscode-languageclient/node';

import type { ServerAccess, ServerState } from './access';
import { Backoff } from './backoff';
import { makeClient } from './client';
import { RULE_URI } from './documents';
import { TRUST } from './protocol';
import { findServerPython, isInFolder } from './serverPython';
import type { Settings } from './settings';

const STOP_MILLISECONDS = 3_000;
const LAST_PYTHON = 'serverPython';

/** The one server of this window: started, watched, started again when it ends, and stopped. */
export class Server implements ServerAccess, Disposable {
  state: ServerState = 'stopped';
  problem = '';
  private readonly changedState = new EventEmitter<ServerState>();
  readonly onDidChangeState = this.changedState.event;

  private client: LanguageClient | undefined;
  private readonly handlers = new Map<string, Set<(params: unknown) => void>>();
  private readonly backoff = new Backoff();
  private timer: NodeJS.Timeout | undefined;
  private wanted = 0; // counts starts and stops; what belongs to an older one is out of date
  private readonly listening: Disposable[];

  constructor(
    private readonly extensionPath: string,
    private readonly settings: Settings,
    private readonly log: LogOutputChannel,
    private readonly remembered: Memento,
  ) {
    this.listening = [
      settings.onDidChange(() => {
        void this.tell(DidChangeConfigurationNotification.method, { settings: null });
      }),
      settings.onDidChangeServerPython(() => {
        void this.restart();
      }),
      workspace.onDidGrantWorkspaceTrust(() => {
        if (this.state === 'failed') {
          void this.restart(); // a Python of the folder may run the server now
        } else {
          void this.tell(TRUST, { trusted: true });
        }
      }),
    ];
  }

  /** The process of the server, for as long as it runs. */
  get processId(): number | undefined {
    return this.client && (this.client as { serverProcess?: { pid?: number } }).serverProcess?.pid;
  }

  async restart(): Promise<void> {
    this.backoff.reset();
    await this.start();
  }

  /** Ends the wait before another try. */
  startNow(): void {
    if (this.state === 'restarting') {
      void this.start();
    }
  }

  async stop(): Promise<void> {
    this.wanted += 1;
    await this.end();
    this.enter('stopped');
  }

  async request<Result>(method: string, params: object): Promise<Result> {
    return this.running().sendRequest<Result>(method, params);
  }

  async execute<Result>(command: string, ...commandArguments: unknown[]): Promise<Result> {
    return this.request<Result>('workspace/executeCommand', { command, arguments: commandArguments });
  }

  offers(command: string): boolean {
    const offered = this.client?.initializeResult?.capabilities.executeCommandProvider?.commands;
    return offered?.includes(command) ?? false;
  }

  onNotification(method: string, handler: (params: unknown) => void): Disposable {
    const known = this.handlers.get(method);
    const handlers = known ?? new Set();
    handlers.add(handler);
    if (!known) {
      this.handlers.set(method, handlers);
      if (this.client) {
        this.listen(this.client, method);
      }
    }
    return new Disposable(() => handlers.delete(handler));
  }

  dispose(): void {
    for (const listener of this.listening) {
      listener.dispose();
    }
    void this.stop().finally(() => {
      this.changedState.dispose();
    });
  }

  private async start(): Promise<void> {
    const mine = ++this.wanted;
    await this.end();
    if (mine !== this.wanted) {
      return;
    }
    this.enter('starting');
    const command = await this.command();
    if (mine !== this.wanted) {
      return;
    }
    if (typeof command === 'string') {
      this.enter('failed', command);
      return;
    }
    const client = makeClient({
      command,
      log: this.log,
      initializationOptions: () => ({
        ...this.settings.forServer(),
        trusted: workspace.isTrusted,
        ruleUri: RULE_URI,
        commands: ['kerasLsp.showModel', 'kerasLsp.setInputShape'],
      }),
      settings: () => this.settings.forServer(),
    });
    this.client = client;
    for (const method of this.handlers.keys()) {
      this.listen(client, method);
    }
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Stopped && mine === this.wanted) {
        this.ended('The server ended unexpectedly.');
      }
    });
    try {
      await client.start();
      if (mine === this.wanted) {
        this.enter('running');
        // What changed since `initialize` was not told.
        await this.tell(DidChangeConfigurationNotification.method, { settings: null });
        if (workspace.isTrusted) {
          await this.tell(TRUST, { trusted: true }); // it may have been granted during the start
        }
      }
    } catch (error) {
      if (mine === this.wanted) {
        this.ended(`The server could not be started: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  /** How to start the server; a sentence when that is not possible. */
  private async command(): Promise<readonly string[] | string> {
    const launcher = path.join(this.extensionPath, 'server.py');
    if (!existsSync(path.join(this.extensionPath, 'bundled', 'keras_lsp'))) {
      return 'This build of the extension carries no server: run `npm run bundle` in its folder.';
    }
    this.settings.follow();
    const folders = (workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
    const python = await findServerPython({
      setting: this.settings.serverInterpreter,
      last: this.remembered.get(LAST_PYTHON),
      selected: async () => {
        await this.settings.known();
        return this.settings.selected;
      },
      folders,
      trusted: workspace.isTrusted,
    });
    if (typeof python === 'string') {
      return python;
    }
    // Neither a setting that may be taken back, nor what only the trust in one folder allows.
    if (!this.settings.serverInterpreter && !isInFolder(python.command, folders)) {
      void this.remembered.update(LAST_PYTHON, python.command);
    }
    this.log.info(`server under Python ${python.version}: ${python.command.join(' ')}`);
    return [...python.command, '-I', launcher, 'serve'];
  }

  private ended(problem: string): void {
    const mine = ++this.wanted;
    this.log.error(problem);
    const delay = this.backoff.next();
    if (delay === undefined) {
      this.enter('failed', 'The server ended several times in a row.');
      void this.end();
      return;
    }
    this.enter('restarting', problem);
    this.timer = setTimeout(() => {
      if (mine === this.wanted) {
        void this.start();
      }
    }, delay);
  }

  private async end(): Promise<void> {
    clearTimeout(this.timer);
    const { client } = this;
    this.client = undefined;
    try {
      await client?.dispose(STOP_MILLISECONDS);
    } catch (error) {
      this.log.debug(`the server's end was not proper: ${String(error)}`);
    }
  }

  private running(): LanguageClient {
    if (!this.client || this.state !== 'running') {
      throw new Error(this.problem || 'The server of keras-lsp is not running.');
    }
    return this.client;
  }

  private async tell(method: string, params: object): Promise<void> {
    if (this.state === 'running') {
      await this.client?.sendNotification(method, params);
    }
  }

  private listen(client: LanguageClient, method: string): void {
    client.onNotification(method, (params: unknown) => {
      for (const handler of this.handlers.get(method) ?? []) {
        handler(params);
      }
    });
  }

  private enter(state: ServerState, problem = ''): void {
    this.state = state;
    this.problem = problem;
    this.changedState.fire(state);
  }
}


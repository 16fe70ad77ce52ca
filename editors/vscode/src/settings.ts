import * as os from 'node:os';
import { type Disposable, EventEmitter, workspace, type WorkspaceFolder } from 'vscode';

import { type CommandLine, commandFrom } from './commandLine';
import { type FolderChoice, chooseInterpreters } from './interpreters';
import { PythonExtensions } from './pythonExtension';

export const SECTION = 'kerasLsp';
const PASSED_ON = [
  ...['hints', 'parameterHints', 'codeLens', 'inputShapes', 'idleSeconds', 'replaySeconds', 'memoryBytes'],
  ...['select', 'ignore', 'severity', 'perFileIgnores', 'bubblewrap', 'untestedSandbox'],
];
// What waits no longer than this for the Python extension: a start of the server, and a replay.
const START_MILLISECONDS = 2_000;
const REPLAY_MILLISECONDS = 15_000;

/** Settings as the server takes them, with the interpreters that are selected in the Python extension. */
export class Settings implements Disposable {
  private readonly python = new PythonExtensions();
  private readonly changed = new EventEmitter<void>();
  private readonly changedServerPython = new EventEmitter<void>();
  private readonly listening: Disposable[] = [];
  private folders: readonly FolderChoice[] = [];
  private refreshing: Promise<void> | undefined;
  private following = false;
  private patience: NodeJS.Timeout | undefined;
  private asked = Promise.resolve();

  /** What the server is told has changed. */
  readonly onDidChange = this.changed.event;
  /** The server is to run under another Python. */
  readonly onDidChangeServerPython = this.changedServerPython.event;

  constructor() {
    const refresh = () => {
      void this.refresh();
    };
    this.listening.push(
      this.python.onDidChange(refresh),
      workspace.onDidChangeWorkspaceFolders(refresh),
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SECTION)) {
          refresh();
        }
        if (event.affectsConfiguration(`${SECTION}.serverInterpreter`)) {
          this.changedServerPython.fire();
        }
      }),
    );
  }

  /** Asks what is selected. Until that is known, or takes too long, the server is told that it follows. */
  follow(): void {
    this.following = true;
    clearTimeout(this.patience);
    this.patience = setTimeout(() => {
      this.following = false;
      this.changed.fire();
    }, REPLAY_MILLISECONDS);
    this.asked = this.refresh();
  }

  /** The selections are known, or the Python extension takes too long to tell them. */
  async known(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, START_MILLISECONDS);
    });
    await Promise.race([this.asked, patience]);
    clearTimeout(timer);
  }

  /** The section `kerasLsp` as the server reads it. */
  forServer(): Record<string, unknown> {
    const configuration = workspace.getConfiguration(SECTION);
    return {
      ...chooseInterpreters(commandSetting('interpreter', undefined), this.folders),
      interpretersFollow: this.following,
      ...Object.fromEntries(PASSED_ON.map((name) => [name, configuration.get(name)])),
    };
  }

  get serverInterpreter(): CommandLine | undefined {
    return commandSetting('serverInterpreter', undefined);
  }

  get selected(): CommandLine[] {
    return this.folders.flatMap((folder) => (folder.selected ? [folder.selected] : []));
  }

  dispose(): void {
    clearTimeout(this.patience);
    this.python.dispose();
    this.changed.dispose();
    this.changedServerPython.dispose();
    for (const listener of this.listening) {
      listener.dispose();
    }
  }

  /** Reads selections anew; of calls that overlap, the last one counts. */
  private async refresh(): Promise<void> {
    const reading = this.read();
    this.refreshing = reading.then(() => undefined);
    const mine = this.refreshing;
    const folders = await reading;
    if (this.refreshing === mine) {
      this.folders = folders;
      this.following = false;
      clearTimeout(this.patience);
      this.changed.fire();
    }
  }

  private async read(): Promise<FolderChoice[]> {
    return Promise.all(
      (workspace.workspaceFolders ?? []).map(async (folder) => ({
        uri: folder.uri.toString(),
        setting: commandSetting('interpreter', folder),
        selected: await this.python.interpreterOf(folder.uri),
      })),
    );
  }
}

function commandSetting(name: string, folder: WorkspaceFolder | undefined): CommandLine | undefined {
  const inFolder = folder ?? workspace.workspaceFolders?.[0];
  return commandFrom(workspace.getConfiguration(SECTION, folder?.uri).get(name), {
    workspaceFolder: inFolder?.uri.fsPath,
    userHome: os.homedir(),
    environment: process.env,
  });
}

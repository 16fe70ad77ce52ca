import { Disposable, EventEmitter, Uri, extensions, workspace } from 'vscode';

import type { CommandLine } from './commandLine';

/** Where a user selects interpreters, folder by folder. */
interface PythonSelection {
  readonly listening: Disposable;
  interpreterOf(folder: Uri | undefined): Promise<CommandLine | undefined>;
}

// The parts of the two extensions' interfaces that are used here.

interface PythonApi {
  ready?: Promise<void>;
  environments: {
    getActiveEnvironmentPath(resource?: Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<{ executable: { uri: Uri | undefined } } | undefined>;
    onDidChangeActiveEnvironmentPath(listener: () => void): Disposable;
  };
}

interface EnvironmentsApi {
  getEnvironment(
    scope: Uri | undefined,
  ): Promise<{ execInfo: { run: { executable: string; args?: string[] } } } | undefined>;
  onDidChangeEnvironment(listener: () => void): Disposable;
}

const PYTHON = 'ms-python.python';
const ENVIRONMENTS = 'ms-python.vscode-python-envs';

/** Follows whichever of the two Python extensions is in use, also when one is installed later. */
export class PythonExtensions implements Disposable {
  private readonly changed = new EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private selection: Promise<PythonSelection | undefined> | undefined;
  private readonly watching = extensions.onDidChange(() => {
    void this.reconnect();
  });

  async interpreterOf(folder: Uri | undefined): Promise<CommandLine | undefined> {
    this.selection ??= connect(() => {
      this.changed.fire();
    });
    try {
      return await (await this.selection)?.interpreterOf(folder);
    } catch {
      return undefined; // an extension in trouble has no selection
    }
  }

  dispose(): void {
    this.watching.dispose();
    this.changed.dispose();
    void this.selection?.then((selection) => {
      selection?.listening.dispose();
    });
  }

  private async reconnect(): Promise<void> {
    const before = await this.selection;
    before?.listening.dispose();
    this.selection = undefined;
    this.changed.fire();
  }
}

async function connect(changed: () => void): Promise<PythonSelection | undefined> {
  const wanted = workspace.getConfiguration('python').get<boolean>('useEnvironmentsExtension') !== false;
  const environments = wanted ? extensions.getExtension<EnvironmentsApi>(ENVIRONMENTS) : undefined;
  try {
    if (environments) {
      return fromEnvironments(await environments.activate(), changed);
    }
    const python = extensions.getExtension<PythonApi>(PYTHON);
    return python && (await fromPython(await python.activate(), changed));
  } catch {
    return undefined;
  }
}

function fromEnvironments(api: EnvironmentsApi, changed: () => void): PythonSelection {
  const listening = api.onDidChangeEnvironment(changed);
  return {
    listening,
    async interpreterOf(folder) {
      const run = (await api.getEnvironment(folder))?.execInfo.run;
      return run && [run.executable, ...(run.args ?? [])];
    },
  };
}

async function fromPython(api: PythonApi, changed: () => void): Promise<PythonSelection> {
  await api.ready;
  const listening = api.environments.onDidChangeActiveEnvironmentPath(changed);
  return {
    listening,
    async interpreterOf(folder) {
      const environment = api.environments.getActiveEnvironmentPath(folder);
      const resolved = await api.environments.resolveEnvironment(environment);
      return resolved?.executable.uri && [resolved.executable.uri.fsPath];
    },
  };
}

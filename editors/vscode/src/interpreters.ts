import type { CommandLine } from './commandLine';

/** What is known of one workspace folder: its own setting, and the choice in the Python extension. */
export interface FolderChoice {
  uri: string;
  setting: CommandLine | undefined;
  selected: CommandLine | undefined;
}

/** As the server takes it: `interpreter` counts for all folders, and more than `interpreters`. */
export interface InterpreterChoice {
  interpreter: CommandLine;
  interpreters: Record<string, CommandLine>;
}

/** Settings count more than what is selected; folders may differ in both. */
export function chooseInterpreters(
  setting: CommandLine | undefined,
  folders: readonly FolderChoice[],
): InterpreterChoice {
  const common = folders.every((folder) => same(folder.setting, setting));
  if (common && setting !== undefined) {
    return { interpreter: setting, interpreters: {} };
  }
  const interpreters: Record<string, CommandLine> = {};
  for (const folder of folders) {
    const command = folder.setting ?? folder.selected;
    if (command !== undefined) {
      interpreters[folder.uri] = command;
    }
  }
  return { interpreter: [], interpreters };
}

function same(one: CommandLine | undefined, other: CommandLine | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The parts of a command; an interpreter setting may be one path or a list. */
export type CommandLine = readonly string[];

export interface Variables {
  workspaceFolder: string | undefined;
  userHome: string;
  environment: Readonly<Record<string, string | undefined>>;
}

/** What a setting says, with variables replaced; undefined when it says nothing. */
export function commandFrom(value: unknown, variables: Variables): CommandLine | undefined {
  const parts = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string')) {
    return undefined;
  }
  const command = parts.map((part) => replaced(part, variables).trim());
  return command[0] ? command : undefined;
}

function replaced(text: string, variables: Variables): string {
  return text.replace(/\$\{(workspaceFolder|userHome|env:([^}]*))\}/g, (whole, name: string, variable?: string) => {
    if (name === 'workspaceFolder') {
      return variables.workspaceFolder ?? whole;
    }
    return name === 'userHome' ? variables.userHome : (variables.environment[variable ?? ''] ?? '');
  });
}

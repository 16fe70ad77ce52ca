import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';

import type { CommandLine } from './commandLine';

const OLDEST = [3, 10] as const;
const PROBE_MILLISECONDS = 15_000;
const PROBE = 'import sys; print(*sys.version_info[:2])';

export interface ServerPython {
  command: CommandLine;
  version: string;
}

export interface Wishes {
  /** The setting `kerasLsp.serverInterpreter`: taken as it is or refused, never replaced. */
  setting: CommandLine | undefined;
  /** What ran the server before. */
  last: CommandLine | undefined;
  /** What is selected in the Python extension; it may take seconds to say so. */
  selected: () => Promise<readonly CommandLine[]>;
  /** Workspace folders. A Python in one of them is code of that folder, and the server is not confined. */
  folders: readonly string[];
  trusted: boolean;
}

/** What a Python answers when it is asked for its version; rejects when it cannot be run. */
export type Probe = (command: CommandLine) => Promise<string>;

/** A Python that can run the server, or one sentence on why there is none. */
export async function findServerPython(
  wishes: Wishes,
  probe: Probe = askVersion,
  platform: NodeJS.Platform = process.platform,
): Promise<ServerPython | string> {
  if (wishes.setting) {
    const found = await tried(wishes.setting, probe);
    const named = `The interpreter in the setting kerasLsp.serverInterpreter, ${wishes.setting.join(' ')},`;
    return typeof found === 'string' ? `${named} ${found}.` : found;
  }
  if (wishes.last && !isInFolder(wishes.last, wishes.folders)) {
    const found = await tried(wishes.last, probe);
    if (typeof found !== 'string') {
      return found;
    }
  }
  const problems: string[] = [];
  for (const command of candidates({ ...wishes, selected: await wishes.selected() }, platform)) {
    const found = await tried(command, probe);
    if (typeof found !== 'string') {
      return found;
    }
    problems.push(`${command.join(' ')} ${found}`);
  }
  return `keras-lsp needs a Python ${OLDEST.join('.')} or newer to run its server, and found none: ${problems.join(', ')}.`;
}

interface Known {
  selected: readonly CommandLine[];
  folders: readonly string[];
  trusted: boolean;
}

/** In the order of preference. Folders' own Pythons come last, and only of trusted folders. */
export function candidates(wishes: Known, platform: NodeJS.Platform): CommandLine[] {
  const inFolder = (command: CommandLine) => isInFolder(command, wishes.folders);
  const onPath = platform === 'win32' ? [['py', '-3'], ['python'], ['python3']] : [['python3'], ['python']];
  const older = [14, 13, 12, 11, 10].map((minor) => [`python3.${minor}`]);
  const all = [
    ...wishes.selected.filter((command) => !inFolder(command)),
    ...onPath,
    ...(platform === 'win32' ? [] : older),
    ...(wishes.trusted ? wishes.selected.filter(inFolder) : []),
  ];
  const seen = new Set<string>();
  return all.filter((command) => {
    const key = command.join('\0');
    return !seen.has(key) && seen.add(key);
  });
}

export function isInFolder([program = '']: CommandLine, folders: readonly string[]): boolean {
  return folders.some((folder) => isInside(program, folder));
}

function isInside(program: string, folder: string): boolean {
  const relative = path.relative(folder, program);
  return !path.isAbsolute(program) ? program.includes(path.sep) : !relative.startsWith('..') && !path.isAbsolute(relative);
}

async function tried(command: CommandLine, probe: Probe): Promise<ServerPython | string> {
  let answer: string;
  try {
    answer = await probe(command);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing ? 'does not exist' : 'cannot be run';
  }
  const [major = 0, minor = 0] = answer.trim().split(/\s+/).map(Number);
  const version = `${major}.${minor}`;
  if (!(major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]))) {
    return major > 0 ? `is Python ${version}, and ${OLDEST.join('.')} or newer is needed` : 'is no Python';
  }
  return { command, version };
}

async function askVersion([program = '', ...rest]: CommandLine): Promise<string> {
  const run = promisify(execFile);
  const options = { timeout: PROBE_MILLISECONDS, cwd: __dirname };
  return (await run(program, [...rest, '-I', '-c', PROBE], options)).stdout;
}

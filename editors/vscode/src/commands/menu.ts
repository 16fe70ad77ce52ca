import { type QuickPickItem, QuickPickItemKind, commands, window, workspace } from 'vscode';

import type { ServerAccess } from '../access';
import type { Status } from '../status';

type Item = QuickPickItem & { command?: string; arguments?: unknown[] };

/** The status bar item's menu: how things are, then what can be done. */
export async function showMenu(server: ServerAccess, status: Status): Promise<void> {
  const picked = await window.showQuickPick(menuItems(server, status), {
    title: 'Keras',
    placeHolder: workspace.isTrusted ? status.shown.detail : 'The folder is not trusted, so its code is not run.',
  });
  if (picked?.command) {
    await commands.executeCommand(picked.command, ...(picked.arguments ?? []));
  }
}

function menuItems(server: ServerAccess, status: Status): Item[] {
  const running = server.state === 'running';
  const trust: Item[] = workspace.isTrusted
    ? []
    : [{ label: '$(shield) Manage workspace trust', command: 'workbench.trust.manage' }];
  const ofDocument: Item[] =
    running && status.current
      ? [
          { label: '$(type-hierarchy) Show model', command: 'kerasLsp.showModel' },
          { label: '$(symbol-numeric) Set input shape of a model…', command: 'kerasLsp.setInputShape' },
          { label: '$(clippy) Copy summary of a model', command: 'kerasLsp.copySummary' },
          { label: '$(refresh) Replay this file again', command: 'kerasLsp.rebuild' },
        ]
      : [];
  const ofServer: Item[] = running
    ? [
        { label: '$(checklist) Check all files', command: 'kerasLsp.checkWorkspace' },
        { label: '$(book) Explain a rule…', command: 'kerasLsp.explainRule' },
        { label: '$(pulse) Doctor report', command: 'kerasLsp.doctor' },
      ]
    : [];
  return [
    ...trust,
    ...ofDocument,
    ...ofServer,
    { label: '', kind: QuickPickItemKind.Separator },
    {
      label: '$(settings-gear) Choose interpreter…',
      command: 'workbench.action.openSettings',
      arguments: ['kerasLsp.interpreter'],
    },
    { label: '$(output) Show output', command: 'kerasLsp.showOutput' },
    { label: '$(debug-restart) Restart server', command: 'kerasLsp.restart' },
    { label: '$(question) Get started', command: 'kerasLsp.openWalkthrough' },
  ];
}

import { type QuickPickItem, window } from 'vscode';

import type { ServerAccess } from '../access';
import type { Documents } from '../documents';
import type { RuleSummary } from '../protocol';

/** Shows what a rule is about: the one named, else the one the user picks. */
export async function explainRule(server: ServerAccess, documents: Documents, named: unknown): Promise<void> {
  const code = typeof named === 'string' ? named : await pickRule(server);
  if (code !== undefined) {
    await documents.show(code, await server.execute<string>('kerasLsp.explainRule', code));
  }
}

async function pickRule(server: ServerAccess): Promise<string | undefined> {
  const rules = await server.execute<RuleSummary[]>('kerasLsp.explainRule');
  const items = rules.map((rule): QuickPickItem & { code: string } => ({
    code: rule.code,
    label: rule.code,
    description: rule.slug.replaceAll('-', ' '),
    detail: rule.why,
  }));
  const picked = await window.showQuickPick(items, {
    title: 'Explain a Rule',
    placeHolder: 'Which kind of mistake?',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.code;
}

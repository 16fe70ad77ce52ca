import { commands, type ExtensionContext, EventEmitter, Uri, workspace } from 'vscode';

const SCHEME = 'keras-lsp';

/** The text on a rule, for the links that the server gives to findings and to comments that name a rule. */
export const RULE_URI = `${SCHEME}:/{code}.md`;

/** Texts that the server wrote, shown as rendered Markdown. */
export class Documents {
  private readonly changed = new EventEmitter<Uri>();
  private readonly texts = new Map<string, string>();

  constructor(context: ExtensionContext, explain: (code: string) => Promise<string>) {
    context.subscriptions.push(
      this.changed,
      workspace.registerTextDocumentContentProvider(SCHEME, {
        onDidChange: this.changed.event,
        provideTextDocumentContent: (uri) => this.texts.get(uri.path) ?? explain(uri.path.slice(1, -'.md'.length)),
      }),
    );
  }

  async show(title: string, markdown: string): Promise<void> {
    const uri = Uri.from({ scheme: SCHEME, path: `/${title}.md` });
    this.texts.set(uri.path, markdown);
    this.changed.fire(uri);
    await commands.executeCommand('markdown.showPreview', uri);
  }
}

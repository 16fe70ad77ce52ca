// The interface of ms-python.python that matters here. `KERAS_LSP_TEST_SELECTED` is {folder path: python}.
const vscode = require('vscode');

exports.activate = () => {
  const selected = JSON.parse(process.env.KERAS_LSP_TEST_SELECTED ?? '{}');
  const changed = new vscode.EventEmitter();
  let gate = Promise.resolve();
  return {
    ready: Promise.resolve(),
    environments: {
      getActiveEnvironmentPath: (folder) => ({ id: '', path: selected[folder?.fsPath] ?? '' }),
      resolveEnvironment: async ({ path }) => {
        await gate;
        return path ? { executable: { uri: vscode.Uri.file(path) } } : undefined;
      },
      onDidChangeActiveEnvironmentPath: changed.event,
    },
    /** Takes its time with answers, until what this gives is called. */
    hold() {
      let release;
      gate = new Promise((resolve) => (release = resolve));
      return release;
    },
    select(folder, python) {
      selected[folder] = python;
      changed.fire({ path: python });
    },
  };
};

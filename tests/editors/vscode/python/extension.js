// The interface of ms-python.python that matters here. `KERAS_LSP_TEST_SELECTED` is {folder path: python}.
const vscode = require('vscode');

exports.activate = () => {
  const selected = JSON.parse(process.env.KERAS_LSP_TEST_SELECTED ?? '{}');
  const changed = new vscode.EventEmitter();
  return {
    ready: Promise.resolve(),
    environments: {
      getActiveEnvironmentPath: (folder) => ({ id: '', path: selected[folder?.fsPath] ?? '' }),
      resolveEnvironment: async ({ path }) =>
        path ? { executable: { uri: vscode.Uri.file(path) } } : undefined,
      onDidChangeActiveEnvironmentPath: changed.event,
    },
    select(folder, python) {
      selected[folder] = python;
      changed.fire({ path: python });
    },
  };
};

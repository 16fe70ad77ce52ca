-- Which folders may run code. Everything else about the client is plain vim.lsp.config.

local M = {}

local function canonical(path)
  local normal = vim.fs.normalize(path)
  return vim.uv.fs_realpath(normal) or normal
end

--- Whether the user listed `root`, or a folder above it, in `vim.g.keras_lsp.trusted_roots`.
--- A relative entry trusts nothing: what it means would depend on where Neovim was started.
function M.is_trusted(root)
  local target = canonical(root)
  for _, entry in ipairs((vim.g.keras_lsp or {}).trusted_roots or {}) do
    local expanded = vim.fs.normalize(entry)
    if vim.startswith(expanded, '/') and vim.fs.relpath(canonical(expanded), target) then
      return true
    end
  end
  return false
end

--- Says once per Neovim how to turn exact answers on.
function M.explain_untrusted(root)
  vim.notify_once(
    ('keras_lsp: %s is not trusted, so answers come from the text alone. To let Keras work out shapes and '
      .. 'weights in a child process, add to your init.lua:\n  vim.g.keras_lsp = { trusted_roots = { %q } }'):format(
      root,
      root
    ),
    vim.log.levels.INFO
  )
end

return M

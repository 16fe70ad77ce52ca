-- What users and configurations call: `setup`, `status`, `is_trusted`. See :help keras_lsp

local M = {}

--- Whether `root` may run code: listed, or said yes to, and not refused.
function M.is_trusted(root)
  return require('keras_lsp.trust').is_trusted(root)
end

local WORDS = { building = 'replaying…', failed = 'failed', unavailable = 'text only', ready = '' }

--- A few words for a status line: "Keras 3.15.1", "Keras 3.15.1 replaying…", "Keras text only"; "" where
--- there is nothing to say. With `buffer` for another one than the current.
function M.status(buffer)
  local said = vim.b[buffer or 0].keras_lsp
  if not said or said.state == 'static' then
    return ''
  end
  local name = said.summary ~= '' and said.summary or 'Keras'
  return vim.trim(name .. ' ' .. (WORDS[said.state] or said.state))
end

--- Starts the server for Python files. On Neovim 0.11 `vim.lsp.enable('keras_lsp')` is all that is needed;
--- this is the same for 0.10, too. `options` are those of `vim.lsp.config`.
function M.setup(options)
  local config = require('keras_lsp.config')
  if vim.lsp.enable then
    vim.lsp.config('keras_lsp', options or {})
    vim.lsp.enable('keras_lsp')
    return
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('keras_lsp_start', {}),
    pattern = config.filetypes,
    callback = function(event)
      local chosen = vim.tbl_deep_extend('force', config, options or {}, { name = 'keras_lsp' })
      if not require('keras_lsp.missing').is_there(chosen.cmd) then
        return
      end
      config.root_dir(event.buf, function(root)
        chosen.root_dir = root
        vim.lsp.start(chosen, { bufnr = event.buf })
      end)
    end,
  })
end

return M

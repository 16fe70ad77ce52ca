-- A server that is not installed. Neovim 0.11 only logs that; it is better said, once, to who edits Python.

local M = {}

--- Whether the server can be started; where not, says once how to get it.
function M.is_there(command)
  if type(command) ~= 'table' or vim.fn.executable(command[1]) == 1 then
    return true
  end
  vim.notify_once(
    (
      'keras_lsp: there is no program %s. `pip install keras-lsp` makes it; if it is not on your PATH, say where '
      .. "it is: vim.lsp.config('keras_lsp', { cmd = { '/path/to/keras-lsp', 'serve', '--stdio' } })"
    ):format(command[1]),
    vim.log.levels.WARN
  )
  return false
end

local watching = false

--- Looks when a Python file is there. What the user sets for the server counts, which is not known before.
function M.watch()
  if watching then
    return
  end
  watching = true
  local function look(event)
    if vim.bo[event.buf].filetype == 'python' then
      M.is_there(vim.lsp.config.keras_lsp.cmd)
      return true
    end
  end
  vim.api.nvim_create_autocmd('FileType', { pattern = 'python', once = true, callback = look })
  vim.schedule(function()
    look({ buf = vim.api.nvim_get_current_buf() })
  end)
end

return M

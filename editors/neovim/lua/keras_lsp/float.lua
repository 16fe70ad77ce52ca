-- Markdown to read: in a float, or with a bang in a split that stays.

local M = {}

--- A float with a border, broken between words.
function M.open(lines, syntax, id)
  local chosen = vim.fn.exists('+winborder') == 1 and vim.o.winborder or ''
  local buffer, window = vim.lsp.util.open_floating_preview(lines, syntax, {
    focus_id = 'keras_lsp_' .. id,
    border = chosen ~= '' and chosen or 'rounded',
    max_width = 90,
    wrap = true,
  })
  vim.wo[window].linebreak = true
  vim.wo[window].breakindent = true
  return buffer, window
end

function M.show(markdown, id, in_split)
  local lines = vim.split(vim.trim(markdown), '\n')
  if not in_split then
    return M.open(lines, 'markdown', id)
  end
  local name = 'keras-lsp://' .. id
  local buffer = vim.fn.bufnr('^' .. name .. '$')
  if buffer == -1 then
    buffer = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(buffer, name)
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].filetype = 'markdown'
  vim.bo[buffer].bufhidden = 'wipe'
  if vim.fn.bufwinid(buffer) == -1 then
    vim.cmd('botright split')
    vim.api.nvim_win_set_buf(0, buffer)
  end
  vim.keymap.set('n', 'q', '<Cmd>bwipeout<CR>', { buffer = buffer, nowait = true, silent = true })
  return buffer, vim.fn.bufwinid(buffer)
end

return M

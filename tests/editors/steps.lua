-- What the driven Neovim can be asked to do. Runs inside of it; `begin_x` starts, `poll_x` answers or gives nil.

local Steps = {}
local messages = {}

local function buffer_text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n') .. '\n'
end

--- Puts the cursor on the `occurrence`-th `needle`, `after` bytes into it.
local function go_to(step)
  local text, from = buffer_text(), 0
  for _ = 1, step.occurrence or 1 do
    from = assert(text:find(step.needle, from + 1, true), 'not in the text: ' .. step.needle)
  end
  local before = text:sub(1, from - 1 + (step.after or 0))
  local _, row = before:gsub('\n', '')
  vim.api.nvim_win_set_cursor(0, { row + 1, #before:match('[^\n]*$') })
end

local function client()
  return vim.lsp.get_clients({ name = 'keras_lsp', bufnr = 0 })[1]
end

local function floating_window()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      return window
    end
  end
end

function Steps.setup(plan)
  vim.g.loaded_python3_provider = 0
  vim.opt.runtimepath:prepend(plan.plugin)
  vim.opt.completeopt = { 'menuone', 'noselect', 'popup' }
  vim.opt.swapfile = false
  vim.notify = function(message)
    table.insert(messages, message)
  end
  vim.g.keras_lsp = { trusted_roots = plan.trusted_roots }
  vim.cmd.runtime('plugin/keras_lsp.lua')
  local options = {
    cmd = plan.server,
    cmd_env = plan.environment,
    init_options = { interpreters = plan.interpreters },
  }
  if plan.by_setup then
    vim.lsp.enable, vim.lsp.config = nil, nil
    vim.cmd.filetype('on')
    require('keras_lsp').setup(options)
  else
    vim.lsp.config('keras_lsp', options)
    vim.lsp.enable('keras_lsp')
  end
  vim.lsp.inlay_hint.enable(true)
  vim.api.nvim_create_autocmd('LspAttach', {
    callback = function(event)
      vim.lsp.completion.enable(true, event.data.client_id, event.buf, { autotrigger = true })
    end,
  })
  vim.cmd.edit(vim.fn.fnameescape(plan.file))
  return true
end

function Steps.stop()
  for _, each in ipairs(vim.lsp.get_clients()) do
    each:stop()
  end
  vim.wait(5000, function()
    return #vim.lsp.get_clients() == 0
  end, 20)
  return true
end

-- open: another file in the same window
function Steps.begin_open(step)
  vim.cmd.edit(step.file)
end
function Steps.poll_open()
  return true
end

-- state: the server's word on the buffer, once it is one of `among`
function Steps.begin_state() end
function Steps.poll_state(step)
  local status = vim.b.keras_lsp
  return status and vim.tbl_contains(step.among, status.state) and status or nil
end

-- hover: lines of the card's window; with `contains`, asks again until the card says so
function Steps.begin_hover(step)
  local old = floating_window()
  if old then
    vim.api.nvim_win_close(old, true)
  end
  go_to(step)
  vim.lsp.buf.hover()
end
function Steps.poll_hover(step)
  local window = floating_window()
  if not window then
    return nil
  end
  local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
  local card = table.concat(lines, '\n')
  if step.contains and not card:find(step.contains, 1, true) then
    Steps.begin_hover(step)
    return nil
  end
  return card
end

-- diagnostics: all of the buffer, once there are `some` (or none, when `some` is false)
function Steps.begin_diagnostics() end
function Steps.poll_diagnostics(step)
  local found = vim.diagnostic.get(0)
  if (#found > 0) ~= step.some then
    return nil
  end
  return vim.tbl_map(function(item)
    return {
      code = item.code,
      severity = vim.diagnostic.severity[item.severity],
      message = item.message,
      source = item.source,
      line = item.lnum + 1,
      text = vim.api.nvim_buf_get_text(0, item.lnum, item.col, item.end_lnum, item.end_col, {})[1],
    }
  end, found)
end

-- fix: takes the quick fix for the diagnostic in a line with `needle`, once it is there; the text after it
function Steps.begin_fix()
  Steps.before = buffer_text()
  Steps.asked = false
end
function Steps.poll_fix(step)
  local text = buffer_text()
  if text ~= Steps.before then
    return text
  end
  go_to(step)
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  if not Steps.asked and #vim.diagnostic.get(0, { lnum = row }) > 0 then
    Steps.asked = true
    vim.lsp.buf.code_action({
      context = { only = { 'quickfix' } },
      filter = function(action)
        return action.isPreferred -- the fix, not the comment that silences the finding
      end,
      apply = true,
    })
  end
end

-- text: the unsaved text, once it `contains` something
function Steps.begin_text() end
function Steps.poll_text(step)
  return buffer_text():find(step.contains, 1, true) and buffer_text() or nil
end

-- completion: what the popup menu offers after `keys` were typed (by the driver)
function Steps.begin_completion() end
function Steps.poll_completion()
  local items = vim.fn.complete_info({ 'items' }).items
  return #items > 0 and items or nil
end

-- escape: leaves insert mode and takes back what was typed
function Steps.begin_escape() end
function Steps.poll_escape()
  return vim.api.nvim_get_mode().mode == 'n' and buffer_text() or nil
end

-- cursor: moves the cursor for keys that come next
function Steps.begin_cursor(step)
  go_to(step)
end
function Steps.poll_cursor()
  return true
end

-- hints: {line, label} of all inlay hints, once one is of `label`
function Steps.begin_hints() end
function Steps.poll_hints(step)
  local hints = vim.tbl_map(function(item)
    local label = item.inlay_hint.label
    if type(label) == 'table' then
      label = table.concat(vim.tbl_map(function(part)
        return part.value
      end, label))
    end
    return { line = item.inlay_hint.position.line + 1, label = label }
  end, vim.lsp.inlay_hint.get({ bufnr = 0 }))
  for _, hint in ipairs(hints) do
    if not step.label or hint.label:find(step.label, 1, true) then
      return hints
    end
  end
end

-- definition: the line the cursor jumps to
function Steps.begin_definition(step)
  go_to(step)
  Steps.from = vim.api.nvim_win_get_cursor(0)
  vim.lsp.buf.definition()
end
function Steps.poll_definition()
  local now = vim.api.nvim_win_get_cursor(0)
  return not vim.deep_equal(now, Steps.from) and vim.api.nvim_get_current_line() or nil
end

-- symbols: texts of the outline
function Steps.begin_symbols()
  Steps.outline = nil
  vim.lsp.buf.document_symbol({
    on_list = function(list)
      Steps.outline = vim.tbl_map(function(item)
        return item.text
      end, list.items)
    end,
  })
end
function Steps.poll_symbols()
  return Steps.outline
end

-- messages: what was said to the user so far, once there are at `least` so many
function Steps.begin_messages() end
function Steps.poll_messages(step)
  return #messages >= (step.least or 1) and messages or nil
end

-- encoding: what positions are counted in
function Steps.begin_encoding() end
function Steps.poll_encoding()
  local attached = client()
  return attached and attached.offset_encoding
end

local function contains(lines, wanted)
  local text = table.concat(lines, '\n')
  return (not wanted or text:find(wanted, 1, true)) and text or nil
end

-- buffer: the text of a buffer whose name has `named` in it, once it `contains` something
function Steps.begin_buffer() end
function Steps.poll_buffer(step)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_get_name(buffer):find(step.named, 1, true) then
      return contains(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), step.contains)
    end
  end
end

-- gone: true once no buffer has `named` in its name
function Steps.begin_gone() end
function Steps.poll_gone(step)
  return not Steps.poll_buffer({ named = step.named }) or nil
end

-- float: the text of the floating window, once it `contains` something
function Steps.begin_float() end
function Steps.poll_float(step)
  local window = floating_window()
  local buffer = window and vim.api.nvim_win_get_buf(window)
  return buffer and contains(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), step.contains)
end

-- screen: what is on the screen, once it `contains` something
function Steps.begin_screen() end
function Steps.poll_screen(step)
  vim.cmd.redraw()
  local lines = {}
  for row = 1, vim.o.lines do
    local cells = {}
    for column = 1, vim.o.columns do
      cells[column] = vim.fn.screenstring(row, column)
    end
    lines[row] = vim.trim(table.concat(cells))
  end
  return contains(lines, step.contains)
end

-- marked: lines of the model view that are marked as being under the cursor, once one `contains` something
function Steps.begin_marked() end
function Steps.poll_marked(step)
  local space = vim.api.nvim_get_namespaces().keras_lsp_model
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if space and vim.bo[buffer].filetype == 'keras_model' then
      local lines = {}
      for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { details = true })) do
        if mark[4].sign_text then
          table.insert(lines, vim.api.nvim_buf_get_lines(buffer, mark[2], mark[2] + 1, false)[1])
        end
      end
      return contains(lines, step.contains) and lines
    end
  end
end

-- line: that of the cursor, once it `contains` something
function Steps.begin_line() end
function Steps.poll_line(step)
  return contains({ vim.api.nvim_get_current_line() }, step.contains)
end

-- lua: the value of an expression, once it is not nil
function Steps.begin_lua() end
function Steps.poll_lua(step)
  return assert(loadstring('return ' .. step.expression))()
end

return Steps

-- :KerasModel: the models of a file as a table and tree in a split, kept up with the text and the cursor.

local server = require('keras_lsp.client')
local tree = require('keras_lsp.tree')

local M = {}

local space = vim.api.nvim_create_namespace('keras_lsp_model')
local QUIET = 80 -- milliseconds after a movement or an edit before the server is asked

-- ids of clients whose server is older than `kerasLsp/modelAt`, and is asked for all there is instead
local unplaced = {}

-- source buffer -> { buffer, source, rows, first = line of the first row, layers, encoding, here, timer, … }
local views = {}

local function colours()
  local links = {
    KerasLspTitle = 'Title',
    KerasLspState = 'Comment',
    KerasLspWarning = 'WarningMsg',
    KerasLspHeader = 'Underlined',
    KerasLspName = 'Identifier',
    KerasLspClass = 'Type',
    KerasLspShape = 'Number',
    KerasLspCount = 'Normal',
    KerasLspHere = 'CursorLine',
  }
  for name, target in pairs(links) do
    vim.api.nvim_set_hl(0, name, { link = target, default = true })
  end
end

local function window_of(buffer)
  local window = vim.fn.bufwinid(buffer)
  return window ~= -1 and window or nil
end

local function wrapped(text, width)
  local lines, line = {}, ''
  for word in text:gmatch('%S+') do
    if line ~= '' and vim.fn.strdisplaywidth(line .. ' ' .. word) > width then
      table.insert(lines, line)
      line = word
    else
      line = line == '' and word or line .. ' ' .. word
    end
  end
  table.insert(lines, line)
  return lines
end

--- Lines above the table: which Keras, how current, and why there is no more.
local function heading(view, model, rows, width)
  local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(view.source), ':t')
  local lines, groups =
    { name .. (model.summary ~= '' and ' · ' .. model.summary or '') }, { 'KerasLspTitle' }
  local function say(text, group)
    for _, line in ipairs(wrapped(text, width)) do
      table.insert(lines, line)
      table.insert(groups, group)
    end
  end
  if model.reason and model.reason ~= '' then
    local is_bad = model.state == 'failed' or model.state == 'unavailable'
    say(model.reason, is_bad and 'KerasLspWarning' or 'KerasLspState')
  end
  local replay = model.replay
  if replay == vim.NIL or not replay then
    if #rows > 0 then
      say('From the text alone:', 'KerasLspState')
    end
  elseif replay.stale then
    say('As it was before the last change:', 'KerasLspState')
  elseif #replay.layers == 0 then
    say('The program makes no layers.', 'KerasLspState')
  end
  table.insert(lines, '')
  table.insert(groups, 'KerasLspState')
  return lines, groups
end

local function mark_here(view)
  vim.api.nvim_buf_clear_namespace(view.buffer, space, 0, -1)
  for _, colour in ipairs(view.colours) do
    vim.api.nvim_buf_set_extmark(view.buffer, space, colour.line, colour.from, {
      end_col = colour.to,
      hl_group = colour.group,
    })
  end
  local first
  for index, row in ipairs(view.rows) do
    if row.id ~= nil and view.here[row.id] then
      local line = view.first + index - 1
      first = first or line
      vim.api.nvim_buf_set_extmark(view.buffer, space, line - 1, 0, {
        line_hl_group = 'KerasLspHere',
        sign_text = '▶',
        sign_hl_group = 'KerasLspTitle',
      })
    end
  end
  local window = window_of(view.buffer)
  if first and window and window ~= vim.api.nvim_get_current_win() then
    vim.api.nvim_win_set_cursor(window, { first, 0 })
  end
end

local function draw(view, model, rows)
  local window = window_of(view.buffer)
  local width = window and math.max(20, vim.api.nvim_win_get_width(window) - 4) or 60
  local lines, groups = heading(view, model, rows, width)
  local table_lines, table_colours = tree.table_of(rows)
  view.rows, view.colours = rows, {}
  for line, group in ipairs(groups) do
    table.insert(view.colours, { line = line - 1, from = 0, to = #lines[line], group = group })
  end
  for _, colour in ipairs(table_colours) do
    colour.line = colour.line + #lines
    table.insert(view.colours, colour)
  end
  view.first = #lines + 2
  vim.list_extend(lines, table_lines)
  if not vim.deep_equal(lines, vim.api.nvim_buf_get_lines(view.buffer, 0, -1, false)) then
    vim.bo[view.buffer].modifiable = true
    vim.api.nvim_buf_set_lines(view.buffer, 0, -1, false, lines)
    vim.bo[view.buffer].modifiable = false
    vim.bo[view.buffer].modified = false
  end
  mark_here(view)
end

local function ids_here(answer)
  local here = {}
  for _, id in ipairs(answer and answer.here or {}) do
    here[id] = true
  end
  return here
end

--- What the cursor is on, marked among the layers that are shown.
local function show_here(view, answer)
  local here = ids_here(answer)
  if not vim.deep_equal(here, view.here) then
    view.here = here
    mark_here(view)
  end
end

--- What the last answer says, drawn. `symbols` where nothing was replayed.
local function show(view, model, symbols)
  local replay = model.replay ~= vim.NIL and model.replay or nil
  view.layers, view.here = {}, ids_here(replay)
  for _, layer in ipairs(replay and replay.layers or {}) do
    view.layers[layer.id] = layer
  end
  draw(view, model, replay and tree.rows(replay) or tree.rows_of_symbols(symbols or {}))
end

local function cursor_position(view)
  local window = window_of(view.source)
  if not window then
    return nil
  end
  local params = vim.lsp.util.make_position_params(window, view.encoding)
  return params.position
end

--- Asks anew and draws; one question at a time, the last one asked for is never lost. `only_here`: what the
--- cursor is on is all that can have changed, and of big models that is much less to tell.
local function refresh(view, after, only_here)
  local client = server.of(view.source)
  if not vim.api.nvim_buf_is_valid(view.buffer) or not vim.api.nvim_buf_is_valid(view.source) then
    return
  end
  if not client then
    show(
      view,
      { summary = '', state = 'failed', reason = 'The server is not running; see :checkhealth keras_lsp.' }
    )
    return
  end
  if after then
    table.insert(view.waiting, after)
  end
  if view.asking == client.id then -- a server that has ended meanwhile answers no more
    view.again, view.again_all = true, view.again_all or not only_here
    return
  end
  view.asking = client.id
  local waiting = view.waiting
  view.waiting = {}
  view.encoding = client.offset_encoding
  local uri = vim.uri_from_bufnr(view.source)
  local function done()
    view.asking = nil
    if view.again then
      local all = view.again_all
      view.again, view.again_all = false, false
      refresh(view, nil, not all)
    end
    for _, each in ipairs(waiting) do
      each()
    end
  end
  local params = { uri = uri, position = cursor_position(view) }
  local method = only_here and not unplaced[client.id] and 'kerasLsp/modelAt' or 'kerasLsp/model'
  local sent = server.request(client, method, params, function(problem, model)
    if not vim.api.nvim_buf_is_valid(view.buffer) then
      return
    end
    if problem and problem.code == vim.lsp.protocol.ErrorCodes.MethodNotFound then
      unplaced[client.id] = true
      view.again, view.again_all = true, true
    end
    if problem or not model then
      return done()
    end
    if method == 'kerasLsp/modelAt' then
      show_here(view, model)
      return done()
    end
    if model.replay and model.replay ~= vim.NIL then
      show(view, model)
      return done()
    end
    local document = { textDocument = { uri = uri } }
    server.request(client, 'textDocument/documentSymbol', document, function(_, symbols)
      if vim.api.nvim_buf_is_valid(view.buffer) then
        show(view, model, symbols)
        done()
      end
    end, view.source)
  end, view.source)
  if not sent then
    view.asking = nil
  end
end

local function refresh_soon(view, only_here)
  view.due_all = view.due_all or not only_here
  view.timer:stop()
  view.timer:start(
    QUIET,
    0,
    vim.schedule_wrap(function()
      local all = view.due_all
      view.due_all = false
      refresh(view, nil, not all)
    end)
  )
end

local function row_at_cursor(view)
  return view.rows[vim.api.nvim_win_get_cursor(0)[1] - view.first + 1]
end

--- To the line that makes the layer, in the window of the source. The text may have moved: asks anew first.
local function jump(view)
  local row = row_at_cursor(view)
  if not row then
    return
  end
  local line = vim.api.nvim_win_get_cursor(0)[1]
  refresh(view, function()
    local layer = row.id ~= nil and view.layers[row.id]
    local now = layer and layer.range or (view.rows[line - view.first + 1] or row).range
    if not now or now == vim.NIL then
      server.say('no line of this file makes that layer')
      return
    end
    local window = window_of(view.source)
    if window then
      vim.api.nvim_set_current_win(window)
    end
    vim.lsp.util.show_document({ uri = vim.uri_from_bufnr(view.source), range = now }, view.encoding, {
      reuse_win = true,
      focus = true,
    })
  end)
end

local function details(view)
  local row = row_at_cursor(view)
  local layer = row and row.id ~= nil and view.layers[row.id]
  if layer then
    require('keras_lsp.float').open(tree.details(layer), '', 'layer')
  end
end

local function close(view)
  if vim.api.nvim_buf_is_valid(view.buffer) then
    vim.api.nvim_buf_delete(view.buffer, { force = true })
  end
end

local function forget(view)
  if views[view.source] == view then
    views[view.source] = nil
  end
  if view.group then
    vim.api.nvim_del_augroup_by_id(view.group)
    view.group = nil
  end
  if not view.timer:is_closing() then
    view.timer:stop()
    view.timer:close()
  end
end

--- The fold level of a line of the view, for 'foldexpr'.
function M.fold(line)
  for _, view in pairs(views) do
    if view.buffer == vim.api.nvim_get_current_buf() then
      local row = view.rows[line - view.first + 1]
      if not row then
        return '0'
      end
      return row.open and '>' .. row.depth + 1 or tostring(row.depth)
    end
  end
  return '0'
end

--- A closed fold: its first line, and how much is below it.
function M.fold_text()
  local count = vim.v.foldend - vim.v.foldstart
  return ('%s  ▸ %d more'):format(vim.fn.getline(vim.v.foldstart), count)
end

local function keys(view)
  local function map(key, action, what)
    vim.keymap.set('n', key, action, { buffer = view.buffer, nowait = true, silent = true, desc = what })
  end
  map('<CR>', function()
    jump(view)
  end, 'Go to the line that makes the layer')
  map('K', function()
    details(view)
  end, 'All that is known of the layer')
  map('<Tab>', 'za', 'Fold or unfold')
  map('q', function()
    close(view)
  end, 'Close the model view')
end

local function follow(view)
  view.group = vim.api.nvim_create_augroup('keras_lsp_model_' .. view.source, {})
  local function on(events, options)
    vim.api.nvim_create_autocmd(events, vim.tbl_extend('force', { group = view.group }, options))
  end
  on({ 'CursorMoved', 'CursorMovedI' }, {
    buffer = view.source,
    callback = function()
      refresh_soon(view, true)
    end,
  })
  on({ 'TextChanged', 'TextChangedI' }, {
    buffer = view.source,
    callback = function()
      refresh_soon(view)
    end,
  })
  on('User', {
    pattern = 'KerasLspStatus',
    callback = function(event)
      if event.data.buf == view.source then
        refresh_soon(view)
      end
    end,
  })
  on({ 'BufUnload' }, {
    buffer = view.source,
    callback = vim.schedule_wrap(function()
      close(view)
    end),
  })
  on({ 'BufWipeout' }, {
    buffer = view.buffer,
    callback = function()
      forget(view)
    end,
  })
end

local function open_window(view, mods)
  local direction = mods.split ~= '' and mods.split or 'botright'
  local vertical = not mods.horizontal and (mods.vertical or mods.split == '')
  vim.cmd.split({ mods = { split = direction, vertical = vertical, keepalt = true } })
  vim.api.nvim_win_set_buf(0, view.buffer)
  local window = vim.api.nvim_get_current_win()
  if vertical then
    vim.api.nvim_win_set_width(window, math.max(40, math.floor(vim.o.columns * 0.45)))
  end
  local options = {
    number = false,
    relativenumber = false,
    wrap = false,
    cursorline = true,
    signcolumn = 'yes:1',
    foldcolumn = '0',
    foldenable = true,
    foldmethod = 'expr',
    foldexpr = "v:lua.require'keras_lsp.model'.fold(v:lnum)",
    foldtext = "v:lua.require'keras_lsp.model'.fold_text()",
    foldlevel = 99,
    fillchars = 'fold: ',
    winfixwidth = vertical,
  }
  for name, value in pairs(options) do
    vim.api.nvim_set_option_value(name, value, { scope = 'local', win = window })
  end
end

--- Opens the view of the current buffer, or goes to it. The cursor stays in the source.
function M.open(mods)
  local source = vim.api.nvim_get_current_buf()
  local client = server.needed(source)
  if not client then
    return
  end
  colours()
  local view = views[source]
  local back = vim.api.nvim_get_current_win()
  if not view then
    view = {
      source = source,
      buffer = vim.api.nvim_create_buf(false, true),
      rows = {},
      colours = {},
      layers = {},
      here = {},
      waiting = {}, -- for the next answer
      first = 1,
      encoding = client.offset_encoding,
      timer = assert(vim.uv.new_timer()),
    }
    views[source] = view
    vim.api.nvim_buf_set_name(view.buffer, 'keras-model://' .. vim.api.nvim_buf_get_name(source))
    vim.bo[view.buffer].bufhidden = 'wipe'
    vim.bo[view.buffer].modifiable = false
    vim.bo[view.buffer].filetype = 'keras_model'
    keys(view)
    follow(view)
  end
  if not window_of(view.buffer) then
    open_window(view, mods or { split = '' })
  end
  vim.api.nvim_set_current_win(back)
  refresh(view)
end

return M

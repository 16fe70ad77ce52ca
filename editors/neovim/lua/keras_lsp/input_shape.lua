-- :KerasInputShape: what goes into a model where the file does not say: chosen, typed, and kept or written.

local server = require('keras_lsp.client')

local M = {}

local OTHER = 'another…'
-- With the batch axis. Only suggestions: what the replay saw or guessed comes first.
local COMMON = { '(None, 32)', '(None, 28, 28, 1)', '(None, 224, 224, 3)', 'int32(None, 128)' }

local function position_is_in(position, range)
  local function after(a, b)
    return a.line > b.line or (a.line == b.line and a.character >= b.character)
  end
  return after(position, range.start) and after(range['end'], position)
end

--- Names of the classes of the file, that under the cursor first.
local function classes_of(symbols, position)
  local names = {}
  for _, symbol in ipairs(symbols or {}) do
    if symbol.kind == vim.lsp.protocol.SymbolKind.Class then
      if position_is_in(position, symbol.range) then
        return { symbol.name }
      end
      table.insert(names, symbol.name)
    end
  end
  return names
end

--- What the last replay gave to objects of a class, or guessed for them.
local function inputs_of(model, class)
  local found = {}
  local function add(input)
    if input and input ~= '' and not vim.tbl_contains(found, input) then
      table.insert(found, input)
    end
  end
  local replay = model and model.replay
  for _, layer in ipairs(replay and replay ~= vim.NIL and replay.layers or {}) do
    if layer.className == class and layer.isUserClass then
      if layer.guessed then
        add(layer.guess)
      else
        add(layer.inputs[1])
      end
    end
  end
  return found
end

local function write(client, buffer, class, shape)
  server.command(client, 'pinInput', { vim.uri_from_bufnr(buffer), class, shape }, function(edit)
    vim.lsp.util.apply_workspace_edit(edit, client.offset_encoding)
  end)
end

local function set(client, class, shape)
  server.command(client, 'setInputShape', { class, shape }, function()
    server.say(('%s is replayed on %s until this server ends'):format(class, shape))
  end)
end

local function keep(client, buffer, class, shape)
  vim.ui.select({ 'Write it into the file, as a comment', 'For this session only' }, {
    prompt = ('%s takes %s. Keep that how?'):format(class, shape),
  }, function(_, choice)
    if choice == 1 then
      write(client, buffer, class, shape)
    elseif choice == 2 then
      set(client, class, shape)
    end
  end)
end

local function choose_shape(client, buffer, class, model)
  local shapes = inputs_of(model, class)
  for _, shape in ipairs(COMMON) do
    if not vim.tbl_contains(shapes, shape) then
      table.insert(shapes, shape)
    end
  end
  table.insert(shapes, OTHER)
  vim.ui.select(shapes, { prompt = ('Input of %s, with the batch axis:'):format(class) }, function(choice)
    if choice == OTHER then
      vim.ui.input({ prompt = ('Input of %s: '):format(class), default = shapes[1] }, function(typed)
        if typed and typed ~= '' then
          keep(client, buffer, class, typed)
        end
      end)
    elseif choice then
      keep(client, buffer, class, choice)
    end
  end)
end

--- Asks for what is not given: the class, the shape, and where to keep it.
function M.open(class, shape, in_file)
  local buffer = vim.api.nvim_get_current_buf()
  local client = server.needed(buffer)
  if not client then
    return
  end
  if class ~= '' and shape ~= '' then
    return (in_file and write or function(_, _, ...)
      set(client, ...)
    end)(client, buffer, class, shape)
  end
  local document = { uri = vim.uri_from_bufnr(buffer) }
  local position = vim.lsp.util.make_position_params(0, client.offset_encoding).position
  server.request(client, 'kerasLsp/model', document, function(_, model)
    if class ~= '' then
      return choose_shape(client, buffer, class, model)
    end
    server.request(client, 'textDocument/documentSymbol', { textDocument = document }, function(_, symbols)
      local classes = classes_of(symbols, position)
      if #classes == 0 then
        server.say('there is no model class in this file')
      elseif #classes == 1 then
        choose_shape(client, buffer, classes[1], model)
      else
        vim.ui.select(classes, { prompt = 'Input of which class?' }, function(choice)
          if choice then
            choose_shape(client, buffer, choice, model)
          end
        end)
      end
    end, buffer)
  end, buffer)
end

return M

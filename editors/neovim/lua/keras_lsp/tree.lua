-- What `kerasLsp/model` answers as rows of a tree: pure, knows neither windows nor servers.
--
-- A row is { depth, cells = { name, class, output, parameters }, id, range, open = has rows below }.

local M = {}

-- A layer's own name in its holder: the path that leads to it, without what its holder's path says already.
local function child_names(layer)
  local names = {}
  for path, id in pairs(layer.attributes) do
    if not names[id] or #path < #names[id] or (#path == #names[id] and path < names[id]) then
      names[id] = path
    end
  end
  return names
end

--- Ids below a layer: those Keras lists, then those it only holds.
local function children(layer, names)
  local ids, seen = {}, {}
  for _, id in ipairs(layer.layers) do
    if not seen[id] then
      seen[id] = true
      table.insert(ids, id)
    end
  end
  local held = {}
  for id in pairs(names) do
    if not seen[id] then
      table.insert(held, id)
    end
  end
  table.sort(held)
  vim.list_extend(ids, held)
  return ids
end

local function thousands(number)
  local text = ('%d'):format(number)
  local rest = #text % 3
  local groups = rest > 0 and { text:sub(1, rest) } or {}
  for at = rest + 1, #text, 3 do
    table.insert(groups, text:sub(at, at + 2))
  end
  return table.concat(groups, ',')
end

local function known(value)
  return value ~= nil and value ~= vim.NIL
end

local function parameters(layer)
  if not known(layer.trainableParameters) or not known(layer.nonTrainableParameters) then
    return '?'
  end
  if not layer.built and #layer.weights == 0 then
    return '?'
  end
  return thousands(layer.trainableParameters + layer.nonTrainableParameters)
end

--- The last output: of several calls it is the one that `flows` end with. A guess is marked as one.
local function output(layer)
  local text = layer.outputs[#layer.outputs]
  if not text then
    return ''
  end
  return (layer.guessed and '~' or '') .. text
end

--- Rows of all models, each layer below what holds it. What is below several is unfolded at the first.
function M.rows(replay)
  local by_id, names, below, is_below = {}, {}, {}, {}
  for _, layer in ipairs(replay.layers) do
    by_id[layer.id] = layer
  end
  for _, layer in ipairs(replay.layers) do
    names[layer.id] = child_names(layer)
    below[layer.id] = children(layer, names[layer.id])
    for _, id in ipairs(below[layer.id]) do
      is_below[id] = true
    end
  end
  local rows, unfolded = {}, {}
  local function add(layer, name, depth)
    local again = unfolded[layer.id]
    unfolded[layer.id] = true
    local row = {
      depth = depth,
      id = layer.id,
      range = known(layer.range) and layer.range or nil,
      cells = { again and name .. ' (again)' or name, layer.className, output(layer), parameters(layer) },
    }
    table.insert(rows, row)
    if again then
      return
    end
    for _, id in ipairs(below[layer.id]) do
      if by_id[id] then
        row.open = true
        add(by_id[id], names[layer.id][id] or by_id[id].name, depth + 1)
      end
    end
  end
  for _, layer in ipairs(replay.layers) do
    if not is_below[layer.id] then
      add(layer, layer.name, 0)
    end
  end
  -- Layers that hold each other are below nothing else.
  for _, layer in ipairs(replay.layers) do
    if not unfolded[layer.id] then
      add(layer, layer.name, 0)
    end
  end
  return rows
end

--- The same out of document symbols, where nothing was replayed: names and what the text says of them.
function M.rows_of_symbols(symbols)
  local rows = {}
  local function add(symbol, depth)
    local row = {
      depth = depth,
      range = symbol.selectionRange,
      cells = { symbol.name, symbol.detail or '', '', '' },
    }
    table.insert(rows, row)
    for _, child in ipairs(symbol.children or {}) do
      row.open = true
      add(child, depth + 1)
    end
  end
  for _, symbol in ipairs(symbols) do
    add(symbol, 0)
  end
  return rows
end

local HEADERS = { 'layer', 'class', 'output', 'parameters' }
local GROUPS = { 'KerasLspName', 'KerasLspClass', 'KerasLspShape', 'KerasLspCount' }
local GAP = 2

--- The rows as lines that stand in columns, and what is to be coloured: { line, from, to, group }.
--- Empty columns are left out. The first line has the names of the columns.
function M.table_of(rows)
  local shown, width = {}, {}
  for column = 1, #HEADERS do
    width[column] = 0
    for _, row in ipairs(rows) do
      local indent = column == 1 and 2 * row.depth or 0
      width[column] = math.max(width[column], vim.fn.strdisplaywidth(row.cells[column]) + indent)
    end
    if width[column] > 0 then
      width[column] = math.max(width[column], #HEADERS[column])
      table.insert(shown, column)
    end
  end
  local lines, colours = {}, {}
  local function put(cells, depth, groups)
    local text = ''
    for place, column in ipairs(shown) do
      local cell = (column == 1 and ('  '):rep(depth) or '') .. cells[column]
      local space = (' '):rep(width[column] - vim.fn.strdisplaywidth(cell))
      local from = #text
      if column == #HEADERS then -- numbers stand to the right
        text = text .. space .. cell
      else
        text = text .. cell .. (place < #shown and space or '')
      end
      table.insert(colours, { line = #lines, from = from, to = #text, group = groups[column] })
      text = text .. (place < #shown and (' '):rep(GAP) or '')
    end
    table.insert(lines, text)
  end
  if #rows > 0 then
    local header = 'KerasLspHeader'
    put(HEADERS, 0, { header, header, header, header })
  end
  for _, row in ipairs(rows) do
    put(row.cells, row.depth, GROUPS)
  end
  return lines, colours
end

--- What else is known of one layer, as lines.
function M.details(layer)
  local lines = { ('%s  %s'):format(layer.className, layer.name) }
  local function say(name, value)
    if known(value) and value ~= '' then
      table.insert(lines, ('  %-11s %s'):format(name, value))
    end
  end
  local arguments = {}
  for name, value in pairs(layer.config) do
    table.insert(arguments, name .. '=' .. value)
  end
  table.sort(arguments)
  say('made with', table.concat(arguments, ', '))
  for _, flow in ipairs(layer.flows) do
    say('call', ('%s → %s'):format(flow.inputs, flow.outputs))
  end
  say('weights', layer.builtHow)
  for _, weight in ipairs(layer.weights) do
    if weight.owner == layer.id then
      local sizes = {}
      local named = {}
      for _, pair in ipairs(weight.named or {}) do
        named[pair[1]] = pair[2]
      end
      for axis, size in ipairs(weight.shape) do
        table.insert(sizes, named[axis - 1] or (known(size) and tostring(size) or 'None'))
      end
      local shape = #sizes == 1 and ('(%s,)'):format(sizes[1]) or ('(%s)'):format(table.concat(sizes, ', '))
      local fixed = weight.trainable and '' or ', not trainable'
      say('', ('%s %s %s%s'):format(weight.name, shape, weight.dtype, fixed))
    end
  end
  say('parameters', parameters(layer))
  if layer.projected then
    say('not built', 'the program itself makes none of this; it is what a call would make')
  end
  say('unknown', layer.dependsOn)
  return lines
end

return M

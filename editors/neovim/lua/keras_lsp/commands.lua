-- The user commands; each asks the module that does the work when it is used.

local M = {}

--- What the line above a class asks of us, see |vim.lsp.codelens.run()|; all else goes to the server.
M.own = { 'kerasLsp.showModel', 'kerasLsp.setInputShape' }

local function root_of_buffer()
  local client = require('keras_lsp.client').of(0)
  if client and client.config.root_dir then
    return client.config.root_dir
  end
  local name = vim.api.nvim_buf_get_name(0)
  return vim.fs.root(0, { 'pyproject.toml', '.git' })
    or vim.fs.dirname(name ~= '' and name or vim.fn.getcwd() .. '/x')
end

--- Ends the server and starts another, with the same configuration, for the same buffers.
local function restart_server(client)
  local server = require('keras_lsp.client')
  local buffers, config = vim.tbl_keys(client.attached_buffers), client.config
  server.stop(client)
  local tries = 100
  local function start()
    tries = tries - 1
    if tries > 0 and vim.lsp.get_client_by_id(client.id) then
      vim.defer_fn(start, 50)
      return
    end
    for _, buffer in ipairs(buffers) do
      if vim.api.nvim_buf_is_loaded(buffer) then
        vim.lsp.start(config, { bufnr = buffer })
      end
    end
    server.say('the server has been restarted')
  end
  vim.defer_fn(start, 50)
end

local function restart(options)
  local server = require('keras_lsp.client')
  local client = server.needed(0)
  if client and options.bang then
    restart_server(client)
  elseif client then
    server.command(client, 'restartWorker', {}, function()
      server.say('Keras is being started afresh')
    end)
  end
end

local function trust(options)
  local root = root_of_buffer()
  local server, decisions = require('keras_lsp.client'), require('keras_lsp.trust')
  decisions.decide(root, not options.bang)
  local words = options.bang and 'is not trusted any more: no code in it is run'
    or 'is trusted: its model code is run'
  server.say(('%s %s'):format(vim.fn.fnamemodify(root, ':~'), words))
end

local function doctor(options)
  local server = require('keras_lsp.client')
  local client = server.needed(0)
  if client then
    server.say('asking Keras…')
    server.command(client, 'doctor', { vim.uri_from_bufnr(0) }, function(markdown)
      require('keras_lsp.float').show(markdown, 'doctor', options.bang)
    end)
  end
end

--- All files of the project; what is found in closed ones is there as diagnostics, and in the quickfix list.
local function check(options)
  local server = require('keras_lsp.client')
  local client = server.needed(0)
  if not client then
    return
  end
  server.say('checking all files…')
  server.command(client, 'checkWorkspace', {}, function(told)
    server.say(told)
    if options.bang then
      return
    end
    local namespace = vim.lsp.diagnostic.get_namespace(client.id)
    vim.diagnostic.setqflist({ title = 'keras-lsp', open = false, namespace = namespace })
    vim.cmd('botright cwindow')
  end)
end

--- The model at the cursor as text, in a register: that of the system unless another is named.
local function summary(options)
  local server = require('keras_lsp.client')
  local client = server.needed(0)
  if not client then
    return
  end
  local position = vim.lsp.util.make_position_params(0, client.offset_encoding).position
  server.command(client, 'summary', { { uri = vim.uri_from_bufnr(0), position = position } }, function(text)
    if text == nil or text == vim.NIL then
      server.say('there is no model in this file')
      return
    end
    local register = options.reg ~= '' and options.reg or (vim.fn.has('clipboard') == 1 and '+' or '"')
    vim.fn.setreg(register, text, 'l')
    server.say(('the summary is in register %s'):format(register))
  end)
end

local function input_shape(options)
  local class, shape = options.args:match('^%s*(%S*)%s*(.-)%s*$')
  require('keras_lsp.input_shape').open(class, shape, options.bang)
end

local function input_shape_of(lens)
  require('keras_lsp.input_shape').open(lens.arguments and lens.arguments[1] or '', '', false)
end

local function show_model_of(lens)
  local place = lens.arguments and lens.arguments[1] or {}
  local buffer = place.uri and vim.uri_to_bufnr(place.uri)
  if place.position and buffer == vim.api.nvim_get_current_buf() then
    vim.api.nvim_win_set_cursor(0, { place.position.line + 1, 0 })
  end
  require('keras_lsp.model').open({})
end

function M.define()
  vim.lsp.commands['kerasLsp.showModel'] = show_model_of
  vim.lsp.commands['kerasLsp.setInputShape'] = input_shape_of
  local function command(name, action, options)
    vim.api.nvim_create_user_command(name, action, options)
  end
  command('KerasModel', function(options)
    require('keras_lsp.model').open(options.smods)
  end, { desc = 'The models of this file, as a table and tree beside it' })
  command('KerasInputShape', input_shape, {
    nargs = '*',
    bang = true,
    desc = 'Say what goes into a model: class and shape; with ! written into the file',
  })
  command('KerasSummary', summary, {
    register = true,
    desc = 'Copy the model at the cursor as text into a register',
  })
  command('KerasCheck', check, {
    bang = true,
    desc = 'Check all files of the project, findings into the quickfix list; with ! only as diagnostics',
  })
  command('KerasExplain', function(options)
    require('keras_lsp.explain').open(options.args, options.bang)
  end, {
    nargs = '?',
    bang = true,
    complete = function(typed)
      return require('keras_lsp.explain').complete(typed)
    end,
    desc = 'Explain the finding under the cursor, or a rule; with ! in a split',
  })
  command('KerasRestart', restart, { bang = true, desc = 'Start Keras afresh; with ! the server, too' })
  command('KerasTrust', trust, { bang = true, desc = 'Let code of this project be run; with ! no longer' })
  command(
    'KerasDoctor',
    doctor,
    { bang = true, desc = 'Which Python and Keras are used, and whether they work' }
  )
end

return M

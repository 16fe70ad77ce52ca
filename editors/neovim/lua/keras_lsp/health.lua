-- :checkhealth keras_lsp

local M = {}

local health = vim.health

local PATIENCE = 90 * 1000 -- milliseconds; the doctor starts Keras, which can take its time

local function check_neovim()
  health.start('keras_lsp: Neovim')
  local version = tostring(vim.version())
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok('Neovim ' .. version)
  elseif vim.fn.has('nvim-0.10') == 1 then
    health.warn('Neovim ' .. version .. ": vim.lsp.enable is not there; use require('keras_lsp').setup()")
  else
    health.error('Neovim ' .. version .. ' is too old', 'keras_lsp needs 0.10 or newer')
  end
  if vim.lsp.inlay_hint and not vim.lsp.inlay_hint.is_enabled() then
    health.info('Inlay hints are off: vim.lsp.inlay_hint.enable(true) shows shapes in the text.')
  end
end

local function command_in_force()
  local config = vim.lsp.config and vim.lsp.config.keras_lsp or require('keras_lsp.config')
  return config.cmd
end

--- The version the program tells; whether it can be started.
local function check_server()
  health.start('keras_lsp: server')
  local command = command_in_force()
  if type(command) ~= 'table' then
    health.info('The server is started by a function of yours.')
    return
  end
  if vim.fn.executable(command[1]) == 0 then
    health.error(('There is no program `%s`.'):format(command[1]), {
      '`pip install keras-lsp`',
      "or: vim.lsp.config('keras_lsp', { cmd = { '/path/to/keras-lsp', 'serve', '--stdio' } })",
    })
    return
  end
  local ask = {}
  for _, word in ipairs(command) do
    if word == 'serve' then
      break
    end
    table.insert(ask, word)
  end
  local config = vim.lsp.config and vim.lsp.config.keras_lsp or {}
  local options = { text = true, env = config.cmd_env }
  local started, done = pcall(function()
    return vim.system(vim.list_extend(ask, { '--version' }), options):wait(20000)
  end)
  if started and done.code == 0 then
    health.ok(('`%s`: %s'):format(table.concat(command, ' '), vim.trim(done.stdout)))
  else
    local why = started and vim.trim(done.stderr) or done
    health.error(('`%s` does not start: %s'):format(table.concat(command, ' '), why))
  end
end

local function check_trust_file()
  local trust = require('keras_lsp.trust')
  local answers, problem = trust.answers()
  if problem then
    health.error(problem, 'delete it, and answer anew with :KerasTrust')
  else
    health.info(('%d remembered answers in `%s`'):format(vim.tbl_count(answers), trust.file()))
  end
end

--- One folder with a running server: trust, and the doctor's report of it.
local function check_client(client)
  local server, trust = require('keras_lsp.client'), require('keras_lsp.trust')
  local root = client.config.root_dir
  health.start('keras_lsp: ' .. (root or 'no folder'))
  if root then
    local decision, where = trust.decision(root)
    if decision then
      health.ok('This folder is trusted: ' .. where .. '.')
    else
      local why = decision == false and where or 'nothing was said about it'
      health.warn('This folder is not trusted: ' .. why .. '.', ':KerasTrust in one of its buffers')
    end
  end
  local buffer = next(client.attached_buffers)
  local params = { command = 'kerasLsp.doctor', arguments = buffer and { vim.uri_from_bufnr(buffer) } or {} }
  local answer, problem = server.request_sync(client, 'workspace/executeCommand', params, PATIENCE)
  if not answer or not answer.result then
    health.error(
      'The server does not answer: ' .. (problem or answer and answer.err and answer.err.message or '?')
    )
    return
  end
  for line in vim.gsplit(answer.result, '\n') do
    local name, value = line:match('^%- %*%*(.-)%*%*: (.*)$')
    if name == 'sandbox' and value:find('reduced', 1, true) then
      health.warn('sandbox: ' .. value)
    elseif name then
      health.info(name .. ': ' .. value)
    elseif vim.startswith(line, 'Replays work') then
      health.ok(line)
    elseif vim.startswith(line, 'Replays do not work') then
      health.warn(line)
    end
  end
end

function M.check()
  check_neovim()
  if vim.fn.has('nvim-0.10') == 0 then
    return
  end
  check_server()
  check_trust_file()
  local clients = vim.lsp.get_clients({ name = 'keras_lsp' })
  if #clients == 0 then
    health.start('keras_lsp: folders')
    health.warn('No server is running.', {
      'open a Python file',
      vim.lsp.enable and "vim.lsp.enable('keras_lsp') in your init.lua" or "require('keras_lsp').setup()",
    })
  end
  for _, client in ipairs(clients) do
    check_client(client)
  end
end

return M

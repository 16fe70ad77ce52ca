-- The running server of a buffer, and questions to it that name what is missing when there is none.

local M = {}

M.NAME = 'keras_lsp'

local modern = vim.fn.has('nvim-0.11') == 1

function M.notify(client, method, params)
  if modern then
    return client:notify(method, params)
  end
  return client.notify(method, params)
end

function M.request(client, method, params, on_answer, buffer)
  if modern then
    return client:request(method, params, on_answer, buffer)
  end
  return client.request(method, params, on_answer, buffer)
end

function M.request_sync(client, method, params, milliseconds, buffer)
  if modern then
    return client:request_sync(method, params, milliseconds, buffer)
  end
  return client.request_sync(method, params, milliseconds, buffer)
end

function M.stop(client)
  if modern then
    return client:stop()
  end
  return client.stop()
end

--- The client of a buffer, or nil.
function M.of(buffer)
  return vim.lsp.get_clients({ name = M.NAME, bufnr = buffer or 0 })[1]
end

--- The client of a buffer; where there is none, says so and what to do.
function M.needed(buffer)
  local client = M.of(buffer)
  if not client then
    M.say('no server is attached to this buffer; :checkhealth keras_lsp tells why', vim.log.levels.WARN)
  end
  return client
end

function M.say(message, level)
  vim.notify('keras_lsp: ' .. message, level or vim.log.levels.INFO)
end

--- Runs one of the server's commands; `on_answer` gets its result. What it refuses is said.
function M.command(client, name, arguments, on_answer)
  local params = { command = 'kerasLsp.' .. name, arguments = arguments }
  M.request(client, 'workspace/executeCommand', params, function(problem, result)
    if problem then
      M.say(problem.message, vim.log.levels.WARN)
    elseif on_answer then
      on_answer(result)
    end
  end)
end

return M

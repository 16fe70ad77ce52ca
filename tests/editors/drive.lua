-- nvim --clean --headless -l drive.lua PLAN ANSWERS
--
-- Starts a second Neovim and drives it over RPC the way a person would: opens the file, moves the cursor,
-- types. PLAN is JSON (see neovim.py); ANSWERS gets one JSON value per step, by its name, and when it was
-- there, counted from the start. A step is begun once and then asked until it has an answer or its time is over.

local plan_path, answers_path = _G.arg[1], _G.arg[2]
local here = vim.fs.dirname(_G.arg[0])

local function read(path)
  local file = assert(io.open(path, 'rb'))
  local text = file:read('*a')
  file:close()
  return text
end

local plan = vim.json.decode(read(plan_path))
local began = vim.uv.hrtime()
local child = vim.fn.jobstart(
  { vim.v.progpath, '--clean', '--embed', '--headless' },
  { rpc = true, env = { XDG_STATE_HOME = plan.state } }
)

local function call(name, argument)
  local code = 'return Steps[...](select(2, ...))'
  return vim.rpcrequest(child, 'nvim_exec_lua', code, { name, argument })
end

local function in_time(seconds, poll)
  local answer
  vim.wait(seconds * 1000, function()
    answer = poll()
    return answer ~= vim.NIL and answer ~= nil
  end, 20)
  return answer
end

vim.rpcrequest(child, 'nvim_exec_lua', 'Steps = dofile(...)', { here .. '/steps.lua' })
if plan.at_screen then
  vim.rpcrequest(child, 'nvim_ui_attach', 120, 40, vim.empty_dict())
end
call('setup', plan)

local answers, times = {}, {}
for _, step in ipairs(plan.steps) do
  if step.keys then
    vim.rpcrequest(child, 'nvim_input', step.keys)
  end
  call('begin_' .. step.what, step)
  local answer = in_time(plan.seconds, function()
    return call('poll_' .. step.what, step)
  end)
  answers[step.name] = answer == nil and vim.NIL or answer
  times[step.name] = (vim.uv.hrtime() - began) / 1e6
end

if plan.at_screen then
  vim.rpcrequest(child, 'nvim_ui_detach')
end
call('stop', {})
vim.fn.jobstop(child)
local file = assert(io.open(answers_path, 'wb'))
file:write(vim.json.encode({ answers = answers, milliseconds = times }))
file:close()

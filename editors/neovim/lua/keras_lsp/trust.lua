-- Which folders may run code: those the user listed, and those the user was asked about.
--
-- Answers are kept in Neovim's own state directory, never in the folder they are about.

local M = {}

local SHOWN = 30 * 1000 -- milliseconds that a question stays without an answer

local function canonical(path)
  local normal = vim.fs.normalize(path)
  return (vim.uv.fs_realpath(normal) or normal):gsub('(.)/+$', '%1')
end

local function is_within(path, folder)
  return path == folder or folder == '/' or vim.startswith(path, folder .. '/')
end

--- The file that keeps the answers.
function M.file()
  return vim.fs.joinpath(vim.fn.stdpath('state'), 'keras_lsp', 'trust.json')
end

--- Folder to answer, and what is wrong with the file, if anything is. No answer counts from a broken file.
function M.answers()
  local file = io.open(M.file(), 'rb')
  if not file then
    return {}
  end
  local text = file:read('*a')
  file:close()
  local readable, found = pcall(vim.json.decode, text)
  if not readable or type(found) ~= 'table' then
    return {}, M.file() .. ' cannot be read, so no answer in it counts'
  end
  local answers = {}
  for folder, answer in pairs(found) do
    if type(folder) == 'string' and type(answer) == 'boolean' then
      answers[folder] = answer
    end
  end
  return answers
end

--- Keeps the answer; what is wrong, if it cannot be kept.
local function remember(folder, answer)
  local answers = M.answers()
  answers[folder] = answer
  local made, reason = pcall(vim.fn.mkdir, vim.fs.dirname(M.file()), 'p', 448) -- 0700
  if not made then
    return reason
  end
  local new = ('%s.%d'):format(M.file(), vim.uv.os_getpid())
  local file, problem = io.open(new, 'wb')
  if not file then
    return problem
  end
  file:write(vim.json.encode(answers))
  file:close()
  local done, why = vim.uv.fs_rename(new, M.file())
  return not done and why or nil
end

--- What was said about `root`, or about the innermost folder above it: true, false, or nil for nothing.
--- A listed folder and a refused one that are the same count as refused. The second value says where.
function M.decision(root)
  local target = canonical(root)
  local decision, innermost, where = nil, nil, nil
  local function consider(folder, answer, said)
    local longer = innermost == nil or #folder > #innermost or (folder == innermost and not answer)
    if is_within(target, folder) and longer then
      decision, innermost, where = answer, folder, said
    end
  end
  for _, entry in ipairs((vim.g.keras_lsp or {}).trusted_roots or {}) do
    -- A relative entry trusts nothing: what it means would depend on where Neovim was started.
    local expanded = vim.fs.normalize(entry)
    if vim.startswith(expanded, '/') then
      consider(canonical(expanded), true, 'listed in trusted_roots')
    end
  end
  for folder, answer in pairs((M.answers())) do
    consider(folder, answer, answer and 'trusted with :KerasTrust' or 'refused')
  end
  return decision, where
end

function M.is_trusted(root)
  return M.decision(root) == true
end

--- Remembers the answer and tells the servers that run.
function M.decide(root, answer)
  M.put_question_away()
  local problem = remember(canonical(root), answer)
  if problem then
    vim.notify('keras_lsp: the answer cannot be remembered: ' .. problem, vim.log.levels.WARN)
  end
  for _, client in ipairs(vim.lsp.get_clients({ name = 'keras_lsp' })) do
    local folder = client.config.root_dir
    if folder and is_within(canonical(folder), canonical(root)) then
      -- A folder further in may have an answer of its own.
      local trusted = answer
      if not problem then
        trusted = M.is_trusted(folder)
      end
      require('keras_lsp.client').notify(client, 'kerasLsp/trust', { trusted = trusted })
    end
  end
end

local asked = {} -- folders of this Neovim, answered or not

local function explain(root)
  vim.notify_once(
    (
      'keras_lsp: %s is not trusted, so answers come from the text alone. To let Keras work out shapes and '
      .. 'weights in a child process, say :KerasTrust, or add to your init.lua:\n'
      .. '  vim.g.keras_lsp = { trusted_roots = { %q } }'
    ):format(root, root),
    vim.log.levels.INFO
  )
end

local question -- the window of the question, while there is one

function M.put_question_away()
  if question and vim.api.nvim_win_is_valid(question) then
    vim.api.nvim_win_close(question, true)
  end
  question = nil
end

--- Asks in a float that takes neither keys nor focus: who is typing goes on, and a prompt that waits for an
--- answer can be drawn over by what a starting server shows.
local function ask(root)
  M.put_question_away()
  local lines = {
    (' Run the model code in %s? '):format(vim.fn.fnamemodify(root, ':~')),
    ' On shapes only, in a child process, to know real shapes and weights. ',
    '',
    ' :KerasTrust   yes, I trust the code in this folder ',
    ' :KerasTrust!  no, the text alone will do ',
  }
  local width = 0
  for _, line in ipairs(lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line))
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].bufhidden = 'wipe'
  question = vim.api.nvim_open_win(buffer, false, {
    relative = 'editor',
    anchor = 'SE',
    row = vim.o.lines - vim.o.cmdheight - 1,
    col = vim.o.columns,
    width = math.min(width, vim.o.columns - 4),
    height = #lines,
    style = 'minimal',
    border = 'rounded',
    title = ' keras_lsp ',
    focusable = false,
    noautocmd = true,
  })
  vim.wo[question].wrap = true
  vim.defer_fn(M.put_question_away, SHOWN)
end

--- Asks about a folder that nothing was said about, once. The server runs meanwhile, on the text alone; who
--- answers nothing is asked again by the next Neovim.
function M.ask_once(root)
  if asked[root] or M.decision(root) ~= nil then
    return
  end
  asked[root] = true
  if (vim.g.keras_lsp or {}).ask == false or #vim.api.nvim_list_uis() == 0 then
    explain(root) -- nobody wants to be asked, or is there to see it
  else
    ask(root)
  end
end

return M

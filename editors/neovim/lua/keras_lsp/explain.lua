-- :KerasExplain: what a rule is about.

local float = require('keras_lsp.float')
local server = require('keras_lsp.client')

local M = {}

--- Codes of our findings at the cursor, else in its line.
local function codes_here()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local at_cursor, in_line = {}, {}
  for _, found in ipairs(vim.diagnostic.get(0, { lnum = row - 1 })) do
    if found.source == 'keras-lsp' and not vim.tbl_contains(in_line, found.code) then
      table.insert(in_line, found.code)
      if column >= found.col and (found.end_lnum > row - 1 or column < found.end_col) then
        table.insert(at_cursor, found.code)
      end
    end
  end
  return #at_cursor > 0 and at_cursor or in_line
end

local function explain(client, code, in_split)
  server.command(client, 'explainRule', { code }, function(markdown)
    float.show(markdown, code, in_split)
  end)
end

--- The rule `code`, or that of the finding under the cursor; of several one is chosen.
function M.open(code, in_split)
  local client = server.needed(0)
  if not client then
    return
  end
  local codes = code ~= '' and { code:upper() } or codes_here()
  if #codes == 0 then
    server.say('there is no finding of keras-lsp in this line; :KerasExplain and <Tab> list the rules')
  elseif #codes == 1 then
    explain(client, codes[1], in_split)
  else
    vim.ui.select(codes, { prompt = 'Explain which rule?' }, function(choice)
      if choice then
        explain(client, choice, in_split)
      end
    end)
  end
end

--- Codes that begin as typed, for the command line.
function M.complete(typed)
  local client = server.of(0)
  local params = { command = 'kerasLsp.explainRule' }
  local answer = client and server.request_sync(client, 'workspace/executeCommand', params, 1000)
  local codes = {}
  for _, rule in ipairs(answer and answer.result or {}) do
    if vim.startswith(rule.code, typed:upper()) then
      table.insert(codes, rule.code)
    end
  end
  return codes
end

return M

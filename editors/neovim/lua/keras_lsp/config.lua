-- How the server is started and what it tells: a configuration for vim.lsp.

local trust = require('keras_lsp.trust')

local markers = { 'pyproject.toml', 'setup.py', 'setup.cfg', 'requirements.txt', '.git' }

return {
  cmd = { 'keras-lsp', 'serve', '--stdio' },
  filetypes = { 'python' },

  -- A file outside of any project counts as a project of its own folder: trust needs a folder to be about.
  root_dir = function(buffer, on_dir)
    local name = vim.api.nvim_buf_get_name(buffer)
    on_dir(vim.fs.root(buffer, markers) or (name ~= '' and vim.fs.dirname(name) or nil))
  end,

  before_init = function(params, config)
    local trusted = config.root_dir ~= nil and trust.is_trusted(config.root_dir)
    params.initializationOptions = vim.tbl_extend(
      'force',
      params.initializationOptions or {},
      { trusted = trusted, commands = require('keras_lsp.commands').own }
    )
  end,

  handlers = {
    -- New shapes, same text. Neovim 0.11's own handler forgets what it has drawn and asks again; a redraw before
    -- the answer then marks every line as drawn, and the new hints stay invisible until the next edit.
    -- Enabling anew asks as well, and draws nothing until the answer is there.
    ['workspace/inlayHint/refresh'] = function(_, _, context)
      local client = assert(vim.lsp.get_client_by_id(context.client_id))
      for buffer in pairs(client.attached_buffers) do
        if vim.lsp.inlay_hint.is_enabled({ bufnr = buffer }) then
          vim.lsp.inlay_hint.enable(true, { bufnr = buffer })
        end
      end
      return vim.NIL
    end,

    -- For status lines: vim.b.keras_lsp is { state, reason, summary }, and require('keras_lsp').status().
    ['kerasLsp/status'] = function(_, status, context)
      local client = vim.lsp.get_client_by_id(context.client_id)
      for buffer in pairs(client and client.attached_buffers or {}) do
        -- A buffer without a name has a URI, too, from which `vim.uri_to_bufnr` does not lead back to it.
        if vim.api.nvim_buf_is_loaded(buffer) and vim.uri_from_bufnr(buffer) == status.uri then
          vim.b[buffer].keras_lsp = { state = status.state, reason = status.reason, summary = status.summary }
          vim.api.nvim_exec_autocmds(
            'User',
            { pattern = 'KerasLspStatus', modeline = false, data = { buf = buffer } }
          )
          -- New shapes, same text: before 0.12 nobody asks again for the lenses that somebody has asked for.
          local shown = not vim.lsp.codelens.enable and #vim.lsp.codelens.get(buffer) > 0
          if shown and status.state ~= 'building' then
            vim.lsp.codelens.refresh({ bufnr = buffer })
          end
        end
      end
      vim.cmd.redrawstatus({ bang = true })
      local root = client and client.config.root_dir
      -- Asked only about a folder with model code in it, and when nothing else is under way.
      if root and status.state == 'unavailable' and not trust.is_trusted(root) then
        vim.schedule(function()
          trust.ask_once(root)
        end)
      end
    end,
  },
}

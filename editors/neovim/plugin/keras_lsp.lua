-- The commands. Nothing else happens before a server is asked for; see :help keras_lsp

if vim.g.loaded_keras_lsp then
  return
end
vim.g.loaded_keras_lsp = true

if vim.fn.has('nvim-0.10') == 0 then
  vim.api.nvim_create_autocmd('FileType', {
    pattern = 'python',
    once = true,
    callback = function()
      vim.notify('keras_lsp needs Neovim 0.10 or newer; nothing of it is active.', vim.log.levels.WARN)
    end,
  })
  return
end

require('keras_lsp.commands').define()

-- vim.lsp.enable('keras_lsp'); see :help keras_lsp

require('keras_lsp.missing').watch()
return require('keras_lsp.config')

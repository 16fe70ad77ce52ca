"""keras_lsp: the language server that knows your Keras model."""

__version__ = "0.1.0"

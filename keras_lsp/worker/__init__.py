"""The replay half: runs under the user's Python, in a process of its own. Standard library only.

`boot.py` is the program. It loads this package under a private name, so nothing here may import
`keras_lsp`; modules of the package import each other relatively.
"""

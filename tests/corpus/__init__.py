"""What the product says of whole projects, packages and checkouts: `python -m tests.corpus PATH…`."""

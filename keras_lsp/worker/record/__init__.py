"""What a replay sees: layers, calls, values of expressions, failures; and how they are told."""

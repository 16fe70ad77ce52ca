"""What the installed Keras offers, by introspection: names, signatures, documentation, accepted strings."""

"""The two Keras lines, 3 and tf-keras 2, behind one face: symbolic building, and what objects are."""

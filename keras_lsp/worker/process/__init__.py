"""The worker as a process: the warm parent, its children or single-use twins, and what confines them."""

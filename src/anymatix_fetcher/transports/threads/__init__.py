"""The second tier: the standard library alone, one thread a connection."""

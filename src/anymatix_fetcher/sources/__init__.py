"""Sources: what a reference means. Pure, like the core: they know neither sockets nor files."""

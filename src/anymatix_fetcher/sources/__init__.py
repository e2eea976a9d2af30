"""Sources: resolve references to resources. They are pure, like the core, and know neither sockets nor files."""

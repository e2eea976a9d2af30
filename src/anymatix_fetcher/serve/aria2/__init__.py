"""aria2's JSON-RPC over our queue: its method names, fields, option names and habits; a gid is a job's id."""

"""aria2's JSON-RPC interface to the queue; a gid is a job's id."""

"""The queue: jobs that outlive the process, the page and the client; in SQLite, run by one engine session."""

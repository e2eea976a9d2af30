"""The download queue: jobs kept in SQLite, so that they outlive the process, and run by shared engine sessions."""

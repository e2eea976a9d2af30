"""The command line: reads what the user typed, shows what goes on, and tells how it ended."""

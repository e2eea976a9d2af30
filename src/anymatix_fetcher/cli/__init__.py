"""The command line: parses arguments, shows progress, and reports results."""

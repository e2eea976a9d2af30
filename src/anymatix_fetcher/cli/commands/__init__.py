"""The verbs on the command line, one file each."""

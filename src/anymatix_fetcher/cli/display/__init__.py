"""The output for people: live display, tables, results."""

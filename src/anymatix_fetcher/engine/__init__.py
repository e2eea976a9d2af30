"""The engine: executes the machine's commands and feeds it events. It owns the clock and the threads."""

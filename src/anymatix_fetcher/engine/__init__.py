"""The engine: carries out the machine's commands and feeds it events. Here are the clock and the threads."""

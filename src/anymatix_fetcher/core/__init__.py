"""The pure core: it makes the decisions and performs no actions.

No module in here opens a file or a socket, reads a clock, starts a thread, draws a random number or logs. Time comes in
as ``now`` (seconds of a monotonic clock); bytes never come in, only lengths. The words are those of the package's
docstring.
"""

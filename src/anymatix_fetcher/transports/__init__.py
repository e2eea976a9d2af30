"""Transports: HTTP over sockets. They convert the exceptions of libraries to ``Failure`` values."""

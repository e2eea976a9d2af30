"""Transports: sockets and everything that is said over them. Exceptions become ``Failure`` values here only."""

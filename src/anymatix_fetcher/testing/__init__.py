"""A deterministic, misbehaving HTTP/1.1 origin, for tests, demonstrations and bug reports."""

"""The disk: part file, journal, lock, hashing and publishing. Everything but the lock goes through ``Disk``."""

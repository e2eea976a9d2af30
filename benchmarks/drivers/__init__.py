"""The smallest programs that download one file with a library: ``python DRIVER.py URL FILE``."""

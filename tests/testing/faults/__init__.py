# The length of the file that the tests of this folder ask for.
SIZE = 3_000_000

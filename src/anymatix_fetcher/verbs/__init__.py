"""The operations that users can perform, one file each, named as on the command line."""

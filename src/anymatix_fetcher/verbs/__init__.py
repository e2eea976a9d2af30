"""What a user can do, one file a verb, by the names of the command line."""

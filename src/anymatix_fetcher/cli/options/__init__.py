"""Options and arguments that verbs share, and what they mean."""

"""The second tier: the standard library alone, with one thread per connection."""

"""A long line between two network namespaces of this machine: delay, rate, a queue and loss, under real TCP."""

"""How many connections, host by host: the controller, its trials, limits, and what is learned. Pure."""

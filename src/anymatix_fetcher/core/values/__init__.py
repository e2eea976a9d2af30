"""The values of the core: spans, HTTP, URLs, digests, names, messages, journal records, and ports. Pure."""

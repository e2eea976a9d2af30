"""Values that everything else is said in: spans, HTTP, URLs, digests, names, messages, journal records. Pure."""

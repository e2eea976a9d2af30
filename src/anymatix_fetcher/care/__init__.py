"""Care for what is here: list, verify, repair, adopt, remove, prune, dedupe. Each is a function that callers call.

``place`` finds the models and opens the index, ``progress`` says how far long work is; what is known of files, and how
they are read, stands in ``library``, and what is downloaded goes through ``api.fetch``.
"""

"""Model file formats: recognized by their first bytes, inspected by a few ranges. Pure: bytes in, values out.

``triage`` judges the beginning of a download by the name that it claims; ``inspection`` requests spans of a local or
remote file and returns :class:`~anymatix_fetcher.formats.facts.ModelFacts`. Nothing here unpickles or executes
anything.
"""

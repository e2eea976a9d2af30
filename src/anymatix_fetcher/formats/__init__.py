"""What a model's bytes say: recognized by the first ones, inspected by a few ranges. Pure: bytes in, values out.

``triage`` judges the beginning of a download by the name that it claims; ``inspection`` asks for spans of a file, near
or far, and returns :class:`~anymatix_fetcher.formats.facts.ModelFacts`. Nothing here unpickles or runs anything.
"""

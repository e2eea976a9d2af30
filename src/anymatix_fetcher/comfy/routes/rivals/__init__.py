"""Contracts of servers that download, as they lie in branches of ComfyUI and its page; none is in a release.

Each is a small file, and on where the operator names it: ``ANYFETCH_COMFY_CONTRACTS=availability,batches,missing``.
"""

"""Download interfaces from unreleased branches of ComfyUI and its page.

Each is enabled by the operator: ``ANYFETCH_COMFY_CONTRACTS=availability,batches,missing``.
"""

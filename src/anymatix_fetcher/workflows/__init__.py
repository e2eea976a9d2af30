"""Workflows: which models a ComfyUI workflow needs, read from what ComfyUI writes. Pure, like the core."""

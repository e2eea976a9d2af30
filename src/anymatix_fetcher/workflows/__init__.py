"""Determines which models a ComfyUI workflow needs. Pure, like the core."""

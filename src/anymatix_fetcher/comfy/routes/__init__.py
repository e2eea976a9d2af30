"""The routes that the pack adds to ComfyUI's server; the child process does the work."""

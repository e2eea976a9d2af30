"""The routes that the pack adds to ComfyUI's server: thin ones, over the child process that downloads."""

"""The nodes. ComfyUI runs several at a time on the event loop of a prompt; the child process downloads."""

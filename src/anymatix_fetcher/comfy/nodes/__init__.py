"""The nodes. ComfyUI runs them on an event loop of each prompt, several at a time; the child downloads."""

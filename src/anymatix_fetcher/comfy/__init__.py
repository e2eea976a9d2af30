"""ComfyUI's face: nodes, routes and a panel, and one child process that downloads.

ComfyUI imports this when it starts: what it needs of others is imported when a node runs or a route is asked.
"""

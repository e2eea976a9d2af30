"""The ComfyUI node pack: nodes, routes and a panel, and one child process that downloads.

ComfyUI imports this package at its start, so most imports are delayed until a node runs or a route is called.
"""

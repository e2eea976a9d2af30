"""What this machine can and has, looked at before it matters: the work of ``doctor``."""

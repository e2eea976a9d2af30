"""The names under which ComfyUI knows the nodes that a changed prompt contains."""

from __future__ import annotations

FETCH_WORKFLOW, MODEL_NAME = "AnymatixFetchWorkflowModels", "AnymatixModelName"

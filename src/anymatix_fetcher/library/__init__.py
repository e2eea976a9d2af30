"""The local model library: model folders, names, sidecars, the index by digest, and links instead of downloads.

Glossary (one word, one meaning):

type
    A model's purpose: a checkpoint, a LoRA, a VAE. ``types`` parses the words for it.
layout
    The program that the folders belong to: ComfyUI, the A1111 web UI, Forge, or SwarmUI.
folder name
    ComfyUI's name for one kind of model, as ``loras``; it maps to one or more paths.
target
    The path among these that new files go to.
sidecar
    The small JSON file beside a model that states its origin.
identity
    The SHA-256 of a reference without its secrets: the same for every user and token.
index
    The digests of local files, and for each whether it was computed here or is only a claim.

place
    The destination of one download: its folder, and its name before and after the content is known.

The modules that only decide (``types``, ``layouts``, ``templates``, ``identity``, ``names``, ``sidecar_format``,
``removal``) access no files.
"""

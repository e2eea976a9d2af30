"""What is here and where it belongs: model folders, names, sidecars, the index by digest, links instead of downloads.

Glossary (one word, one meaning):

type
    What a model is: a checkpoint, a LoRA, a VAE. ``types`` reads the words that people use.
layout
    Whose folders they are: ComfyUI's, those of the A1111 web UI and Forge, or SwarmUI's.
folder name
    ComfyUI's name for one kind of model, as ``loras``; it stands for one or more paths.
target
    The one of these paths that new files go to.
sidecar
    The small JSON file beside a model that says where it came from.
identity
    The SHA-256 of a reference without its secrets: the same whoever asks and with whichever token.
index
    Which files have which digest, and whether that was hashed here or is only claimed by somebody.

place
    Where one download goes: its folder, and its name before and after the content is known.

The modules that only decide (``types``, ``layouts``, ``templates``, ``identity``, ``names``, ``sidecar_format``,
``removal``) touch no file.
"""

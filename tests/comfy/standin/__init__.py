"""A stand-in for ComfyUI: the interfaces that a pack of nodes meets, with the signatures of its documentation.

It is small and honest: names, arguments, shapes, orders and statuses are those of ComfyUI, and what it doesn't have it
doesn't pretend to have. A prompt isn't executed here. ``python -m tests.comfy.standin`` runs it as a program.
"""

"""The checks of ``doctor``, one file per subject."""

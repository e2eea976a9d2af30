"""AnymatixFetcher: model files from any server, in parallel, resumable, and never a wrong byte."""

__version__ = "0.1.0"

"""Build a background job system step by step, and watch it work."""

__version__ = "1.0"

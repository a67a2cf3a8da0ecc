"""Stands in the way of a package of this name: see `tests/fast_import.py`."""

raise ImportError("nobody needs it")

"""Has the import of a package fail: see `tests/fast_import.py`. A module of its name would hide it, and be left out."""

import sys

sys.modules["rfc3987_syntax"] = None

"""A plugin of pytest, `-p tests.fast_import`: each of its processes starts 1.3 s sooner.

nbformat imports jsonschema, and that a package which makes its parser there and then. No notebook's format asks for it,
and jsonschema does without.
"""

import os
import sys
from pathlib import Path

sys.modules["rfc3987_syntax"] = None  # an import fails

TESTS = Path(__file__).parent
PYTHONPATH = f"{TESTS / 'without'}{os.pathsep}{TESTS.parent}"
"""Where processes that tests start find the package; they do without the other, too."""

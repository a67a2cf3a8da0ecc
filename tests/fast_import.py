"""A plugin of pytest, `-p tests.fast_import`: each of its processes starts 1.3 s sooner.

nbformat imports jsonschema, and that a package which makes its parser there and then. No notebook's format asks for it,
and jsonschema does without.
"""

import sys

sys.modules["rfc3987_syntax"] = None  # an import fails

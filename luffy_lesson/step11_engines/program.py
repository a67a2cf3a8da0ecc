"""What an engine's program imports: the workers, and the backend that has put their jobs there.

Which these are, it finds in its environment. The names that it looks for here are the backend's to say.
"""

import importlib
import json
import os

from luffy_lesson import step11_engines
from luffy_lesson.step11_engines.engine import VARIABLE, EngineBackend

told = json.loads(os.environ[VARIABLE])
for module in told["modules"]:
    importlib.import_module(module)
backend: EngineBackend = getattr(step11_engines, told["backend"])(told["url"], **told["settings"])
step11_engines.Luffy.backend = backend
globals().update(backend.names())

"""How an error looks in a notebook: the learner's own line, and a sentence."""

import sys
import types
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython

import luffy_lesson

PACKAGE = str(Path(luffy_lesson.__file__).parent)
OTHERS = (PACKAGE, sys.prefix, sys.base_prefix, "<")
"""Where what is not the learner's begins."""


def install() -> None:
    """Leave out of a traceback what is below the learner's code, when it went through the course's. Again: the same."""
    shell: Any = get_ipython()
    shell.set_custom_exc((Exception, KeyboardInterrupt), _show)


def _show(shell: Any, kind: type[BaseException], error: BaseException, tb: Any, tb_offset: int | None = None) -> None:
    if issubclass(kind, SyntaxError):
        shell.showsyntaxerror()
        return
    shorter = own(tb)
    chain = error.__cause__, error.__context__, error.__suppress_context__
    if shorter is not tb:
        error.__cause__ = error.__context__ = None
    try:
        shell.showtraceback((kind, error, shorter), tb_offset=tb_offset, running_compiled_code=True)
    finally:
        error.__cause__, error.__context__, error.__suppress_context__ = chain


def own(tb: types.TracebackType) -> types.TracebackType:
    """Return a traceback without what is not the learner's, from where the course's code begins; else as it is."""
    entries = []
    entry: types.TracebackType | None = tb
    while entry:
        entries.append(entry)
        entry = entry.tb_next
    files = [entry.tb_frame.f_code.co_filename for entry in entries]
    begins = next((place for place, file in enumerate(files) if file.startswith(PACKAGE)), None)
    if not begins:
        return tb
    kept = entries[:begins] + [
        entry for entry, file in zip(entries[begins:], files[begins:], strict=True) if not file.startswith(OTHERS)
    ]
    shorter = None
    for entry in reversed(kept):
        shorter = types.TracebackType(shorter, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    assert shorter
    return shorter

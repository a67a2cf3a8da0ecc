"""The launcher: `python3 -m luffy_lesson [COMMAND]`. Everything up to the set-up needs the standard library only."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  an older Python must get as far as this sentence
    sys.exit("The course needs Python 3.11 to 3.14, and this is " + sys.version.split()[0] + ".")

from luffy_lesson.launcher.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

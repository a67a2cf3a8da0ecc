"""Find a browser that the tests can drive. Standard library only."""

import shutil

# On Ubuntu, `chromium-browser` may be a script that only says how to install Chromium: so it comes last.
NAMES = ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"]
MAC = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
]


def find_browser() -> str | None:
    """Return the path of a Chromium or Chrome; None when there is none."""
    found = map(shutil.which, [*NAMES, *MAC])
    return next(filter(None, found), None)

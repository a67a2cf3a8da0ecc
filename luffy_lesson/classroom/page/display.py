"""What appears below a cell: in a notebook as HTML, and as text wherever there is no page.

What a display showed last is what stays: in the notebook that is saved, on GitHub, and on paper. So nothing is left as
a widget's view when it is over, for a widget is gone with its kernel.
"""

from base64 import b64encode
from html import escape
from typing import Any

import ipywidgets
from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle, display

HINT = (
    "Run this cell by itself, in JupyterLab or Notebook 7, to use it. Is this text still there then? That Jupyter "
    "shows no widgets: pip install ipywidgets in the environment that Jupyter itself runs in, and start it again."
)
"""Stands where there are no widgets. Whether the cell was not run, or Jupyter has none, only the reader knows."""

WIDGET = "application/vnd.jupyter.widget-view+json"


class Display:
    """A place below a cell, which can show something else at any time."""

    def __init__(self) -> None:
        """Make it; it appears with what it shows first, below the cell that runs then."""
        self._handle: DisplayHandle | None = None

    def show(self, html: str, text: str, widget: ipywidgets.DOMWidget | None = None, png: bytes | None = None) -> None:
        """Show something, in place of what was shown before. Outside a notebook do nothing.

        Args:
            html: what is shown in a notebook.
            text: what is shown where there is no HTML.
            widget: what is shown instead of both where there are widgets.
            png: a picture in place of the HTML.
        """
        data: dict[str, Any] = {"text/html": html, "text/plain": text}
        if png:
            data = {"image/png": b64encode(png).decode(), "text/plain": text}
        if widget:
            data[WIDGET] = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
        if self._handle:
            self._handle.update(data, raw=True)
        elif in_notebook():
            self._handle = display(data, raw=True, display_id=True)


def in_notebook() -> bool:
    """Whether this is a kernel, whose front end can show HTML; else a terminal or a script."""
    return hasattr(get_ipython(), "kernel")


def show_text(text: str, **formats: str) -> None:
    """Display text below the cell; in a script, print it.

    Args:
        text: what is shown where nothing better can be.
        formats: the same in other formats, by the second half of their MIME type: `html`, `markdown`.
    """
    if get_ipython() is None:
        print(text)
    else:
        display({f"text/{name}": value for name, value in formats.items()} | {"text/plain": text}, raw=True)


def show_widget(widget: ipywidgets.DOMWidget, text: str) -> Display:
    """Display a widget below the cell, and return its place.

    In a terminal, what stands for it is printed; in a script nothing.

    Args:
        widget: the widget.
        text: what stands for it where there are no widgets.
    """
    place = Display()
    place.show(*stand_in(text), widget)
    if get_ipython() and not in_notebook():
        print(text)
    return place


def stand_in(text: str) -> tuple[str, str]:
    """Return what stands for a widget, as HTML and as text: `text`, and how to get the widget."""
    return f'{as_html(text)}<div style="font-size:13px;opacity:.75">{HINT}</div>', f"{text}\n{HINT}"


def as_html(text: str) -> str:
    """Return text as HTML."""
    return f'<div style="white-space:pre-wrap">{escape(text)}</div>'

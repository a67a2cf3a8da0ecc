"""Which Python runs a notebook: this one. And by what one talks to it: by files."""

import os
import tempfile
from typing import TypeVar

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from traitlets import default

LONGEST = 78
"""How long a folder's path can be, in characters: a socket's ends after 103 (on macOS)."""

Manager = TypeVar("Manager", bound=KernelManager)


class ThisPython(KernelSpecManager):
    """Knows one kernel, `python3`: this very interpreter, whatever is installed for the user under that name."""

    @default("kernel_dirs")
    def _none(self) -> list[str]:
        return []  # jupyter_client then falls back on ipykernel's own description, which names sys.executable


def by_files(manager: Manager, folder: str) -> Manager:
    """Let a kernel that is not started yet be talked to by sockets that are files.

    By TCP, jupyter_client chooses five ports that are free, and the kernel binds them half a second later. On a busy
    machine another process has one by then, and the kernel dies ("Address already in use", jupyter_client 8.10).
    Windows has no such sockets, and a folder with a long name no room for them: there, ports stay.

    Args:
        manager: what will start the kernel.
        folder: where a folder for its sockets is made. Whoever owns it removes it, after the kernel's end.

    Returns:
        that manager.
    """
    if os.name != "nt" and len(folder) < LONGEST:
        manager.transport, manager.ip = "ipc", tempfile.mkdtemp(prefix="kernel_", dir=folder) + "/socket"
    return manager

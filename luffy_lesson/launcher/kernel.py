"""Which Python runs a notebook: this one."""

from jupyter_client.kernelspec import KernelSpecManager
from traitlets import default


class ThisPython(KernelSpecManager):
    """Knows one kernel, `python3`: this very interpreter, whatever is installed for the user under that name."""

    @default("kernel_dirs")
    def _none(self) -> list[str]:
        return []  # jupyter_client then falls back on ipykernel's own description, which names sys.executable

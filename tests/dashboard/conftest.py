from launched import closed_port, start, variables  # noqa: F401
from served import backend, bury, register, site  # noqa: F401

from launched import checkout, closed_port, connection, launch, start, variables  # noqa: F401

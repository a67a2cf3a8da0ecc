import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chaos-seed", help="the seed of a round, to play it again")

"""The checks that CI runs, by name: ``nox`` runs all of them, ``nox -s NAME`` one."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"


@nox.session
def tests(session: nox.Session) -> None:
    """The whole suite; arguments behind ``--`` go to pytest."""
    session.install(".[test]")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session
def style(session: nox.Session) -> None:
    """Ruff's rules and format."""
    session.install("ruff>=0.11,<1")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def coverage(session: nox.Session) -> None:
    """Branch coverage of the core by its own tests and the simulator."""
    session.install("-e", ".[dev]")
    command = "python -m pytest -q -n auto tests/core tests/simulation --cov --cov-report=term:skip-covered"
    session.run(*command.split())


@nox.session
def docs(session: nox.Session) -> None:
    """The API reference; a warning is an error."""
    session.install("-e", ".[dev]")
    session.run("python", "-W", "error", "-m", "pdoc", "anymatix_fetcher", "--output-directory", "build/reference")

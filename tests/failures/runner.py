"""Runs the command line again and again, each time in a process of its own, with one failing call to the system.

Reads cases as JSON, one a line, and answers each by a line: the exit code, what was written to stderr, and the calls.
Forked, for then a case takes less than a tenth of the time that starting the program takes.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.failures.system_calls import Plan, SystemCalls

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 60
"""No case takes longer, by far."""


def run(system: SystemCalls, case: dict[str, object]) -> None:
    """Runs a case, in the child."""
    folder = str(case["folder"])
    os.chdir(folder)
    os.environ["HOME"] = folder
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        os.environ.pop(name, None)
    with Path(f"{folder}.err").open("w") as err, Path(os.devnull).open("w") as out:
        os.dup2(err.fileno(), 2)
        os.dup2(out.fileno(), 1)
    signal.alarm(SECONDS)  # whatever hangs is ended by it
    system.plan = plan = Plan(folder, int(str(case["number"])), int(str(case["error"])))
    code = program()([str(argument) for argument in case["arguments"]])  # type: ignore[attr-defined] # a list, as written
    system.plan = None
    Path(f"{folder}.calls").write_text(json.dumps({"code": code, "calls": plan.calls}))


def program() -> Callable[[list[str]], int]:
    """The command line; found only now, for what it imports takes functions of ``os`` by their names."""
    main: Callable[[list[str]], int] = importlib.import_module("anymatix_fetcher.cli.main").main
    return main


def everything() -> None:
    """Imports all of the program, so that its cases needn't."""
    package = importlib.import_module("anymatix_fetcher")
    for module in pkgutil.walk_packages(package.__path__, "anymatix_fetcher."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):  # what needs an extra
                importlib.import_module(module.name)


def main() -> None:
    """Runs every case that comes."""
    system = SystemCalls()
    system.install()
    everything()
    for line in sys.stdin:
        case = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 70
            try:
                run(system, case)
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


main()

"""What is installed by default, and where: the dependencies as ``pyproject.toml`` states them."""

from __future__ import annotations

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEPENDENCIES = {found.name: found for found in map(Requirement, PROJECT["dependencies"])}
EXTRAS = {name: [Requirement(text) for text in texts] for name, texts in PROJECT["optional-dependencies"].items()}
EVERY = [
    *DEPENDENCIES.values(),
    *(found for extra in EXTRAS.values() for found in extra if found.name != PROJECT["name"]),
]

EVERYWHERE = {"click", "filelock", "picklescan", "platformdirs", "pyyaml", "rich", "tomli-w", "xxhash"}


def installed_on(system: str, machine: str, implementation: str = "CPython") -> set[str]:
    """The names of what pip brings there, without extras."""
    there = {
        "sys_platform": system,
        "platform_machine": machine,
        "platform_python_implementation": implementation,
        "python_version": "3.12",
    }
    return {name for name, found in DEPENDENCIES.items() if found.marker is None or found.marker.evaluate(there)}


@pytest.mark.parametrize(
    ("system", "machine"),
    [
        ("linux", "x86_64"),
        ("linux", "aarch64"),
        ("darwin", "arm64"),
        ("darwin", "x86_64"),
        ("win32", "AMD64"),
        ("win32", "ARM64"),
    ],
)
def test_where_wheels_exist_all_is_installed(system: str, machine: str) -> None:
    assert installed_on(system, machine) == EVERYWHERE | {"blake3", "pycurl"}


@pytest.mark.parametrize("machine", ["armv7l", "i686", "ppc64le", "riscv64", "s390x"])
def test_on_other_machines_the_threaded_engine_serves(machine: str) -> None:
    assert installed_on("linux", machine) == EVERYWHERE | {"blake3"}


@pytest.mark.parametrize(
    ("system", "machine", "implementation"),
    [("freebsd14", "amd64", "CPython"), ("linux", "x86_64", "PyPy"), ("win32", "AMD64", "PyPy")],
)
def test_elsewhere_nothing_has_to_be_compiled_in_c_or_rust_for_us_alone(
    system: str, machine: str, implementation: str
) -> None:
    assert installed_on(system, machine, implementation) == EVERYWHERE


@pytest.mark.parametrize("requirement", EVERY, ids=lambda found: found.name)
def test_every_range_has_both_ends(requirement: Requirement) -> None:
    operators = {part.operator for part in requirement.specifier}
    assert operators == {">=", "<"}


@pytest.mark.parametrize("requirement", [*DEPENDENCIES.values(), *EXTRAS["test"]], ids=lambda found: found.name)
def test_what_these_tests_run_with_lies_within_the_ranges(requirement: Requirement) -> None:
    if requirement.marker is None or requirement.marker.evaluate():
        assert version(requirement.name) in requirement.specifier


@pytest.mark.parametrize("extra", ["blake3", "comfy", "scan"])
def test_what_was_an_extra_may_still_be_asked_for(extra: str) -> None:
    assert EXTRAS[extra] == []

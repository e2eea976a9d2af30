"""The layers, read from the imports: who may know whom, and that nothing in the middle has an effect.

Imports inside functions and for the type checker alone count like all others.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import anymatix_fetcher

PACKAGE = "anymatix_fetcher"
ROOT = Path(anymatix_fetcher.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
MAX_LINES = 400
"""A file is one subject; one that is longer has two."""
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}

LAYERS = {
    "core": 0,
    "errors": 0,
    "transports": 1,
    "sources": 1,
    "workflows": 1,
    "storage": 1,
    "library": 1,
    "formats": 1,
    "engine": 2,
    "credentials": 2,
    "signing": 2,
    "environment": 2,
    "netrc_file": 2,
    "options": 3,
    "composition": 3,
    "shelf": 3,
    "searching": 3,
    "noting": 3,
    "api": 3,
    "looking": 3,
    "inspecting": 3,
    "provisioning": 3,
    "presence": 3,
    "reporting": 3,
    "care": 3,
    "checkup": 3,
    "lockfile": 3,
    "locking": 3,
    "syncing": 3,
    "computing": 3,
    "queue": 4,
    "cli": 5,
    "comfy": 5,
    "serve": 5,
    "__main__": 6,
}
SIBLINGS = {"transports", "sources", "storage", "workflows", "library", "formats"}
PURE = {"core", "sources", "workflows", "formats", "errors"}
GROUND = {"core", "errors"}
PURE_PARTS = {
    f"{PACKAGE}.library.{name}"
    for name in ("types", "layouts", "templates", "identity", "names", "sidecar_format", "removal")
}
"""Modules that only decide, beside others that act."""
PURE_STANDARD_MODULES = {
    *("__future__", "typing", "collections", "collections.abc", "dataclasses", "enum", "functools", "itertools"),
    *(
        "re",
        "math",
        "bisect",
        "heapq",
        "string",
        "unicodedata",
        "array",
        "struct",
        "binascii",
        "base64",
        "zlib",
        "hashlib",
    ),
    *(
        "json",
        "errno",
        "datetime",
        "urllib.parse",
        "email.utils",
        "http",
        "xml.parsers",
        "contextlib",
        "difflib",
        "fnmatch",
        "html.parser",
        "importlib",
    ),
}
"""They compute; ``importlib`` brings what stands in a table of ours. ``http`` itself holds the table of statuses only;
``http.client`` is another module."""
EFFECTS = {
    *("os", "io", "pathlib", "socket", "ssl", "select", "time", "threading", "random", "secrets", "logging"),
    *("subprocess", "asyncio", "tempfile", "shutil", "sys", "signal", "http.client", "urllib.request", "pycurl"),
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source: str) -> set[str]:
    """Every module that is imported; ``from package import name`` counts as ``package.name`` too, if it is ours."""
    found = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide who knows whom"
            module = node.module or ""
            ours = module == PACKAGE or module.startswith(f"{PACKAGE}.")
            found |= {f"{module}.{name.name}" for name in node.names} if ours else {module}
    return found


def area_of(module: str) -> str:
    """The part of the package that a module of ours belongs to: ``core``, ``cli``, ...; empty for the package."""
    return module.split(".")[1] if "." in module else ""


IMPORTS = {module_of(path): imports_of(path.read_text(encoding="utf-8")) for path in FILES}
OURS = {module: {name for name in imported if name.split(".")[0] == PACKAGE} for module, imported in IMPORTS.items()}
INSIDE = sorted(module for module in IMPORTS if area_of(module) not in {"", "testing"})


def test_there_is_something_to_look_at() -> None:
    assert {"core", "sources", "formats", "transports", "storage", "engine", "api", "cli", "testing"} <= set(
        map(area_of, IMPORTS)
    )


def test_imports_are_found_wherever_they_stand() -> None:
    source = """
import os.path
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from anymatix_fetcher.core import spans
def late():
    import socket as s, time
class C:
    from anymatix_fetcher import api
"""
    ours = {"anymatix_fetcher.core.spans", "anymatix_fetcher.api"}
    assert imports_of(source) == {"os.path", "typing", "socket", "time"} | ours


@pytest.mark.parametrize("module", INSIDE)
def test_nothing_imports_upward(module: str) -> None:
    own = LAYERS[area_of(module)]
    assert not {name for name in OURS[module] if LAYERS.get(area_of(name), -1) > own}


@pytest.mark.parametrize("module", INSIDE)
def test_siblings_never_meet(module: str) -> None:
    area = area_of(module)
    if area in SIBLINGS:
        assert not {name for name in OURS[module] if area_of(name) in SIBLINGS - {area}}


@pytest.mark.parametrize("module", [module for module in INSIDE if area_of(module) in PURE])
def test_what_decides_has_no_effects(module: str) -> None:
    own = area_of(module)
    allowed = GROUND if own in GROUND else GROUND | {own}
    for name in IMPORTS[module]:
        if name in OURS[module]:
            assert area_of(name) in allowed
        else:
            assert name in PURE_STANDARD_MODULES


def test_what_is_here_knows_the_ground_alone() -> None:
    for module, imported in OURS.items():
        if area_of(module) == "library":
            assert {area_of(name) for name in imported} <= {"library", "core", "errors"}


@pytest.mark.parametrize("module", sorted(PURE_PARTS))
def test_parts_that_decide_have_no_effects(module: str) -> None:
    for name in IMPORTS[module]:
        if name in OURS[module]:
            assert area_of(name) in {"core", "errors"} or any(name.startswith(part) for part in PURE_PARTS)
        else:
            assert name in PURE_STANDARD_MODULES


def test_what_has_effects_isnt_called_pure_by_mistake() -> None:
    assert not PURE_STANDARD_MODULES & EFFECTS


def test_only_transports_know_libcurl() -> None:
    assert {area_of(module) for module, imported in IMPORTS.items() if "pycurl" in imported} == {"transports"}


def test_only_one_module_knows_yaml() -> None:
    assert {module for module, imported in IMPORTS.items() if "yaml" in imported} == {f"{PACKAGE}.library.extra_paths"}


def test_the_test_origin_stands_alone_and_only_the_command_line_offers_it() -> None:
    for module, imported in OURS.items():
        if area_of(module) == "testing":
            assert {area_of(name) for name in imported} <= {"testing"}
        elif area_of(module) != "cli":
            assert "testing" not in set(map(area_of, imported))


def test_the_package_itself_imports_nothing_of_its_own_but_for_the_type_checker() -> None:
    top_level = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8")).body
    imports = [node for node in top_level if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {alias.name for node in imports for alias in node.names} == {"annotations", "logging", "TYPE_CHECKING"}


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_file_is_one_subject_with_a_name_and_a_sentence(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    assert path.stem not in NAMES_THAT_SAY_NOTHING
    assert ast.get_docstring(ast.parse(text))


def test_every_folder_is_a_package() -> None:
    assert not {path.parent for path in FILES if not (path.parent / "__init__.py").exists()}

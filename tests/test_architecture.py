"""The layers, read from the imports: who may know whom, and that nothing in the middle has an effect.

Imports inside functions and for the type checker alone count like all others.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import anymatix_fetcher

if TYPE_CHECKING:
    from collections.abc import Collection

PACKAGE = "anymatix_fetcher"
ROOT = Path(anymatix_fetcher.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
STEMS = {path.stem for path in FILES}
MAX_LINES = 400
"""A file is one subject; one that is longer has two."""
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}

MAX_STEPS = 9
"""From the command line down to the values."""
MEANT_AS_BASES = {"FetchError", "Explained", "Command", "Option", "Task"}
"""Bases that several classes extend, and nothing that is the half of one."""
OF_OTHER_LIBRARIES = {
    *("__cause__", "__doc__", "daemon", "minimum_version", "check_hostname", "verify_mode", "exchange", "origin"),
    *("content_type", "content_length", "buffer_text", "StartElementHandler", "EndElementHandler"),
    *("CharacterDataHandler", "StartDoctypeDeclHandler", "bytes_per_second", "guard"),
}
"""Attributes that are meant to be assigned: of errors, threads, TLS contexts, libcurl's handles, aiohttp's responses,
expat's parsers, and the property by which a limit is changed."""

LAYERS = {
    "errors": 0,
    "core.values": 1,
    "core.answers": 2,
    "core.pace": 3,
    "core.machine": 4,
    "transports": 5,
    "sources": 5,
    "workflows": 5,
    "storage": 5,
    "library": 5,
    "formats": 5,
    "engine": 6,
    "wiring": 7,
    "verbs": 8,
    "queue": 9,
    "comfy": 10,
    "serve": 10,
    "fleet": 10,
    "cli": 11,
    "__main__": 12,
}
"""Every room, by its height: who may know whom. The command line stands above the other faces, for it starts them."""
PURE = {"core.values", "core.answers", "core.pace", "core.machine", "sources", "workflows", "formats", "errors"}
GROUND = {"core.values", "core.answers", "core.pace", "core.machine", "errors"}
PORTS = f"{PACKAGE}.core.values.ports"
"""What adapters fulfil; it names paths, and does nothing with them."""
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
        "ipaddress",
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
    """The room that a module of ours is in: ``core.values``, ``cli``, ...; empty for the package itself."""
    parts = module.split(".")[1:]
    return next((".".join(parts[:n]) for n in (2, 1) if ".".join(parts[:n]) in LAYERS), parts[0] if parts else "")


IMPORTS = {module_of(path): imports_of(path.read_text(encoding="utf-8")) for path in FILES}
OURS = {module: {name for name in imported if name.split(".")[0] == PACKAGE} for module, imported in IMPORTS.items()}
INSIDE = sorted(module for module in IMPORTS if area_of(module) not in {"", "core", "testing"})


def home_of(name: str, modules: Collection[str]) -> str:
    """The module that an imported name is or comes from."""
    return name if name in modules else name.rpartition(".")[0]


GRAPH = {module: {home_of(name, IMPORTS) for name in imported} - {module} for module, imported in OURS.items()}


def test_there_is_something_to_look_at() -> None:
    assert set(LAYERS) - {"queue", "comfy", "serve", "fleet"} <= set(map(area_of, IMPORTS))


def test_the_root_holds_rooms_and_three_modules() -> None:
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "__main__.py", "errors.py"}


def test_the_core_holds_rooms_alone() -> None:
    assert {module for module in IMPORTS if area_of(module) == "core"} == {f"{PACKAGE}.core"}


def test_every_room_has_a_height() -> None:
    assert set(map(area_of, IMPORTS)) - {"", "core", "testing"} <= set(LAYERS)


def test_inside_the_package_only_its_version_is_imported_from_it() -> None:
    own = {name for module in INSIDE for name in OURS[module] if home_of(name, IMPORTS) in {"", PACKAGE}}
    assert own <= {PACKAGE, f"{PACKAGE}.__version__"}


def test_imports_are_found_wherever_they_stand() -> None:
    source = """
import os.path
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from anymatix_fetcher.core.values import spans
def late():
    import socket as s, time
class C:
    from anymatix_fetcher.verbs import fetch
"""
    ours = {"anymatix_fetcher.core.values.spans", "anymatix_fetcher.verbs.fetch"}
    assert imports_of(source) == {"os.path", "typing", "socket", "time"} | ours


@pytest.mark.parametrize("module", INSIDE)
def test_nothing_imports_upward(module: str) -> None:
    own = LAYERS[area_of(module)]
    assert not {name for name in OURS[module] if LAYERS.get(area_of(name), -1) > own}


@pytest.mark.parametrize("module", INSIDE)
def test_rooms_of_one_layer_dont_know_each_other(module: str) -> None:
    own = area_of(module)
    assert not {name for name in OURS[module] if area_of(name) != own and LAYERS.get(area_of(name)) == LAYERS[own]}


def circles_of(graph: dict[str, set[str]]) -> list[list[str]]:
    """The modules that import each other, however long the way round is; by Tarjan's algorithm."""
    found: list[list[str]] = []
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        stack.append(module)
        for other in graph[module]:
            if other not in number:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], number[other])
        if lowest[module] == number[module]:
            at = stack.index(module)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for module in graph:
        if module not in number:
            visit(module)
    return found


def test_a_circle_is_found_however_long_it_is() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"a"}}
    assert circles_of(graph) == [["a", "b", "c"]]


def test_an_import_of_a_name_is_one_of_its_module() -> None:
    modules = {"package", "package.room", "package.room.part"}
    assert home_of("package.room.part", modules) == "package.room.part"
    assert home_of("package.room.part.Class", modules) == "package.room.part"
    assert home_of("package.room.part", {"package", "package.room"}) == "package.room"


def test_every_import_of_ours_leads_to_a_module() -> None:
    assert {module for others in GRAPH.values() for module in others} - {""} <= set(IMPORTS)


def test_nothing_imports_itself_by_a_detour() -> None:
    inside = {module: others - {"", PACKAGE} for module, others in GRAPH.items() if module != PACKAGE}
    assert circles_of(inside) == []


def test_a_public_class_name_has_one_definition() -> None:
    homes: dict[str, list[str]] = {}
    for path in FILES:
        module = module_of(path)
        if area_of(module) == "testing":
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(module)
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


def test_what_the_rooms_share_is_defined_once() -> None:
    for name in ("FORBIDDEN_FOLDERS", "FIELD_NAME"):
        homes = [
            module_of(path) for path in FILES if re.search(rf"^_?{name}\b.* = ", path.read_text("utf-8"), re.MULTILINE)
        ]
        assert len(homes) == 1, (name, homes)


ROOMS = {
    room: {area_of(name) for module in GRAPH if area_of(module) == room for name in OURS[module]} & set(LAYERS) - {room}
    for room in LAYERS
}


def way_to_the_ground(room: str) -> list[str]:
    """The longest way down from a room, by its imports."""
    return [room, *max((way_to_the_ground(other) for other in ROOMS[room]), key=len, default=[])]


def test_the_house_is_no_tower() -> None:
    steps = way_to_the_ground("cli")
    assert steps.index("core.values") <= MAX_STEPS, steps


def name_of_base(base: str) -> str:
    """A base without its parameters, and without the name of a module of ours that it is taken from."""
    module, _, name = base.partition("[")[0].rpartition(".")
    return f"{module}.{name}" if module and module not in STEMS else name


def bases_of(source: str) -> dict[str, set[str]]:
    """The classes of a file, each with what it inherits from."""
    classes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))
    return {node.name: {name_of_base(ast.unparse(base)) for base in node.bases} for node in classes}


def test_a_base_is_found_by_its_name_however_it_is_imported() -> None:
    source = "class One(Store[int], facts.Job, click.Group): pass"
    assert bases_of(source) == {"One": {"Store", "Job", "click.Group"}}


def test_no_class_inherits_its_other_half_from_another_file() -> None:
    homes = {name: module_of(path) for path in FILES for name in bases_of(path.read_text(encoding="utf-8"))}
    for path in FILES:
        module = module_of(path)
        if area_of(module) == "testing":
            continue
        for name, bases in bases_of(path.read_text(encoding="utf-8")).items():
            ours = {base for base in bases if base in homes and homes[base] != module and base not in MEANT_AS_BASES}
            assert not {base for base in ours if not base.endswith("Error")}, (module, name, ours)


def assigned_to(node: ast.AST) -> list[ast.Attribute]:
    """The attributes that are assigned or deleted, however: also by a loop, a context, or ``setattr`` with a name."""
    match node:
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            return [node]
        case ast.Call(func=ast.Name("setattr"), args=[owner, ast.Constant(value=str(name)), *_]):
            return [ast.Attribute(owner, name, ast.Store(), lineno=node.lineno)]
        case _:
            return []


def attributes_of(tree: ast.AST) -> set[str]:
    """The attributes that the classes of a file define."""
    found = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            inside = [one for statement in ast.walk(node) for one in assigned_to(statement)]
            found |= {one.attr for one in inside if ast.unparse(one.value) == "self"}
            found |= {ast.unparse(one.target) for one in node.body if isinstance(one, ast.AnnAssign)}
    return found


def foreign_assignments(source: str) -> list[str]:
    """What a file assigns to attributes that none of its own classes has."""
    tree = ast.parse(source)
    own = attributes_of(tree) | OF_OTHER_LIBRARIES
    return [
        f"line {one.lineno}: {ast.unparse(one)}"
        for node in ast.walk(tree)
        for one in assigned_to(node)
        if ast.unparse(one.value) not in {"self", "cls", "sys"} and one.attr not in own
    ]


def test_a_foreign_assignment_is_found() -> None:
    source = """
class Own:
    total: int = 0
    def take(self, other, same):
        self.seen = other.name = True
        self._other.paused, same.total = True, 1
        for other.place in (): pass
        with same as (other.context, [other.deep]): pass
        setattr(other, "told", 1)
        del other.gone
"""
    named = (found.partition(": ") for found in foreign_assignments(source))
    assert sorted((line, name) for line, _, name in named) == [
        ("line 10", "other.gone"),
        ("line 5", "other.name"),
        ("line 6", "self._other.paused"),
        ("line 7", "other.place"),
        ("line 8", "other.context"),
        ("line 8", "other.deep"),
        ("line 9", "other.told"),
    ]


@pytest.mark.parametrize("path", [path for path in FILES if area_of(module_of(path)) != "testing"], ids=module_of)
def test_an_attribute_is_assigned_where_its_class_is_defined(path: Path) -> None:
    assert foreign_assignments(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("module", [module for module in INSIDE if area_of(module) in PURE])
def test_what_decides_has_no_effects(module: str) -> None:
    own = area_of(module)
    allowed = GROUND if own in GROUND else GROUND | {own}
    for name in IMPORTS[module]:
        if name in OURS[module]:
            assert area_of(name) in allowed
        else:
            assert name in PURE_STANDARD_MODULES or (module, name) == (PORTS, "pathlib")


def test_what_is_here_knows_the_ground_alone() -> None:
    for module, imported in OURS.items():
        if area_of(module) == "library":
            assert {area_of(name) for name in imported} <= {"library"} | GROUND


@pytest.mark.parametrize("module", sorted(PURE_PARTS))
def test_parts_that_decide_have_no_effects(module: str) -> None:
    for name in IMPORTS[module]:
        if name in OURS[module]:
            assert area_of(name) in GROUND or any(name.startswith(part) for part in PURE_PARTS)
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

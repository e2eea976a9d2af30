"""The repository as a pack: what ComfyUI, its Manager and its registry ask of the files that it is made of."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SHIPPED = ("__init__.py", "pyproject.toml", "requirements.txt", "LICENSE", "README.md", "src", "locales")
SOURCES = sorted([ROOT / "__init__.py", *(ROOT / "src").rglob("*.py")])

LOADING = """
import asyncio, importlib.util, json, sys, time, types
import aiohttp.web  # ComfyUI has them
sys.dont_write_bytecode = {quiet}
sys.path.insert(0, {root!r})
from tests.comfy.standin.comfyui import installed
from tests.comfy.standin.server import PromptServer
from pathlib import Path
for name in {blocked!r}:
    sys.modules[name] = None
logged = []
import logging
class Handler(logging.Handler):
    def emit(self, record):
        logged.append(record.getMessage())
logging.getLogger().addHandler(Handler())
with installed(Path({base!r})) as comfyui:
    before = set(sys.modules)
    loop = asyncio.new_event_loop()
    PromptServer(loop)
    began = time.process_time()  # other work on this machine doesn't count
    module = comfyui.load_pack(Path({pack!r}))
    seconds = time.process_time() - began
    print(json.dumps({{
        "seconds": seconds,
        "modules": sorted(set(sys.modules) - before),
        "nodes": sorted(comfyui.node_classes),
        "names": module.NODE_DISPLAY_NAME_MAPPINGS,
        "web": str(comfyui.web_directories.get(Path({pack!r}).name)),
        "logged": logged,
    }}))
"""


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack as it lies in a folder of ComfyUI."""
    folder = tmp_path_factory.mktemp("comfyui") / "custom_nodes" / "anymatix-fetcher"
    folder.mkdir(parents=True)
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def loaded(pack: Path, *blocked: str) -> dict[str, object]:
    """What there is to be said of the pack when a fresh ComfyUI has loaded it."""
    base = pack.parents[1]
    program = LOADING.format(root=str(ROOT), base=str(base), pack=str(pack), blocked=blocked, quiet=True)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_it_is_loaded_quickly_and_brings_nothing_heavy(pack: Path) -> None:
    several = [loaded(pack) for _ in range(3)]
    found = several[0]
    modules = found["modules"]
    assert isinstance(modules, list)
    assert not {name.partition(".")[0] for name in modules} & {
        *("pycurl", "rich", "click", "sqlite3", "filelock", "platformdirs", "yaml", "xxhash", "blake3", "picklescan"),
    }
    assert found["nodes"] == [
        "AnymatixCheckpointFetcher",
        "AnymatixFetchModel",
        "AnymatixFetchWorkflowModels",
        "AnymatixFetcher",
        "AnymatixModelName",
    ]
    assert found["logged"] == []
    assert found["web"] == str(pack / "src" / "anymatix_fetcher" / "comfy" / "web")
    assert min(float(str(one["seconds"])) for one in several) < 0.1


@pytest.mark.parametrize("missing", ["click", "xxhash"])
def test_a_missing_package_is_one_line_that_says_what_to_do(missing: str, pack: Path) -> None:
    found = loaded(pack, missing)
    (line,) = found["logged"] if isinstance(found["logged"], list) else []
    assert missing in line
    assert "-m pip install -r" in line
    assert str(pack / "requirements.txt") in line
    assert found["nodes"]


def test_a_package_that_is_not_there_at_all_leaves_comfyui_starting(pack: Path) -> None:
    found = loaded(pack, "anymatix_fetcher.comfy.pack")
    (line,) = found["logged"] if isinstance(found["logged"], list) else []
    assert "wasn't loaded" in line
    assert "-m pip install -r" in line
    assert found["nodes"] == []


def test_nothing_is_written_into_its_folder(pack: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in pack.rglob("*")}
    program = LOADING.format(root=str(ROOT), base=str(pack.parents[1]), pack=str(pack), blocked=(), quiet=False)
    program += "\nfrom anymatix_fetcher.comfy.nodes import first_fetcher\n"
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)
    after = {path: path.stat().st_mtime_ns for path in pack.rglob("*")}
    of_comfyui = {pack, *(pack / "__pycache__").rglob("*"), pack / "__pycache__"}
    """ComfyUI itself imports the file at the root, and keeps its bytecode."""
    assert {path for path in after if path not in of_comfyui} == set(before) - {pack}
    assert all(after[path] == before[path] for path in before if path not in of_comfyui)


def test_there_are_no_links_and_nothing_compiled() -> None:
    tracked = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    for line in tracked.splitlines():
        mode, path = line.split()[0], line.partition("\t")[2]
        assert mode in {"100644", "100755"}, path
        assert not path.endswith((".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib"))
    assert not [path for path in (ROOT / "src").rglob("*") if path.is_symlink()]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_evaluated_and_nothing_installed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    called = {
        node.func.id
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"eval", "exec", "compile", "__import__"}
    assert not re.search(r"""["']pip["'],\s*["']install|os\.system|os\.popen""", text)


def test_the_requirements_are_those_of_the_project_and_of_its_server() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    project = PROJECT["project"]
    assert lines == sorted({*project["dependencies"], *project["optional-dependencies"]["serve"]})
    for line in lines:
        requirement, _, _ = line.partition(";")
        assert re.fullmatch(r"[A-Za-z0-9._-]+(?:[<>=!~]=?[0-9.]+,?)+", requirement.strip()), line
        assert not re.search(r"(?:^|\s)-\w|@|://|\\", line), line


def test_the_registry_finds_what_it_wants_to_know() -> None:
    project, comfy = PROJECT["project"], PROJECT["tool"]["comfy"]
    assert re.fullmatch(r"[A-Za-z_.-][A-Za-z0-9_.-]{0,98}", project["name"])
    assert "comfyui" not in project["name"].lower()
    assert {"PublisherId", "DisplayName", "requires-comfyui"} <= set(comfy)
    assert project["urls"]["Repository"].startswith("https://github.com/")
    environments = [one for one in project["classifiers"] if one.startswith("Environment ::")]
    assert not environments  # the registry takes these for processors, and warns of others
    version = (ROOT / comfy["version"]["path"]).read_text(encoding="utf-8")
    assert re.search(r'^__version__ = "\d+\.\d+\.\d+"$', version, re.MULTILINE)
    ignored = (ROOT / ".comfyignore").read_text(encoding="utf-8").split()
    assert {"tests/", "benchmarks/"} <= set(ignored)
    assert not any(name.startswith(tuple(ignored)) for name in SHIPPED)


def test_each_node_has_a_page_of_help(pack: Path) -> None:
    pages = {path.stem for path in (ROOT / "src" / "anymatix_fetcher" / "comfy" / "web" / "docs").glob("*.md")}
    found = loaded(pack)
    names = found["nodes"]
    assert isinstance(names, list)
    assert set(names) - pages == {"AnymatixModelName"}

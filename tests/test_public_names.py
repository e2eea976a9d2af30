"""What callers may rely on: the names, and that importing them costs nothing until they are used."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from enum import EnumType
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import pytest

import anymatix_fetcher

PUBLIC_NAMES = [
    "AccessDeniedError",
    "Adopted",
    "CancelToken",
    "CareProgress",
    "Checked",
    "Condition",
    "Deduped",
    "DestinationExistsError",
    "DestinationLockedError",
    "Digest",
    "DigestMismatchError",
    "DiskFullError",
    "DownloadCancelled",
    "Engine",
    "FetchError",
    "Finding",
    "FindingState",
    "FolderRemoval",
    "IntegrityError",
    "InternalError",
    "Job",
    "Listed",
    "Located",
    "LockChange",
    "LockEntry",
    "LockReport",
    "Measured",
    "ModelFacts",
    "ModelState",
    "NetworkError",
    "NotAModelError",
    "NotFoundError",
    "Phase",
    "Progress",
    "Pruned",
    "RateLimiter",
    "ReferenceSyntaxError",
    "RepresentationChangedError",
    "Result",
    "RetriesExhaustedError",
    "Settings",
    "Status",
    "Stock",
    "StorageError",
    "SyncState",
    "Synced",
    "UnexpectedAnswerError",
    "UnsafeModelError",
    "WorkflowReport",
    "__version__",
    "adopt",
    "afetch",
    "bench",
    "dedupe",
    "doctor",
    "fetch",
    "fetch_many",
    "inspect",
    "lock",
    "ls",
    "prune",
    "remove",
    "resolve",
    "sync",
    "verify",
    "workflow",
]
LATE = ["pycurl", "rich", "asyncio", "ssl", "email", "hypothesis", "http.client", "urllib.request"]
"""What takes time to import, and isn't needed to print a help text."""


def in_a_fresh_interpreter(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_public_names_are_these_and_no_others() -> None:
    assert anymatix_fetcher.__all__ == PUBLIC_NAMES


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_each_public_name_can_be_got_and_is_always_the_same(name: str) -> None:
    assert getattr(anymatix_fetcher, name) is getattr(anymatix_fetcher, name)


def test_dir_lists_the_public_names_and_nothing_else() -> None:
    program = "import anymatix_fetcher as public; print(*dir(public)); public.Digest; print(*dir(public))"
    before, after = in_a_fresh_interpreter(program).splitlines()
    assert before.split() == after.split() == sorted(PUBLIC_NAMES)


@pytest.mark.parametrize("name", [name for name in PUBLIC_NAMES if name != "__version__"])
def test_each_public_name_says_which_arguments_it_takes(name: str) -> None:
    public = getattr(anymatix_fetcher, name)
    if issubclass(type(public), EnumType):
        return
    kinds = {one.kind for one in signature(public).parameters.values()}
    assert not kinds & {Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL}


def test_each_public_choice_is_the_text_that_json_shows() -> None:
    public = [getattr(anymatix_fetcher, name) for name in PUBLIC_NAMES]
    choices: list[Any] = [choice for kind in public for choice in getattr(kind, "__members__", {}).values()]
    assert anymatix_fetcher.Status.DOWNLOADED in choices
    for choice in choices:
        assert choice == choice.value == str(choice)
        assert json.dumps(choice) == json.dumps(choice.value)


def test_settings_show_each_keyword_with_its_default() -> None:
    parameters = signature(anymatix_fetcher.Settings).parameters
    assert parameters["max_connections"].default == anymatix_fetcher.Settings().max_connections
    assert {"sha256", "directory", "limit_rate"} <= set(parameters)


def test_the_type_checked_use_of_the_api_names_each_of_them() -> None:
    used = (Path(__file__).parent / "typing" / "api.py").read_text(encoding="utf-8")
    assert [name for name in PUBLIC_NAMES if not re.search(rf"\b{name}\b", used)] == []


def test_the_glossary_has_each_word_once() -> None:
    _, _, words = (anymatix_fetcher.__doc__ or "").partition("Words, each with one meaning:")
    terms = [term for line in words.splitlines() if line[:1].strip() for term in line.split(", ")]
    assert 25 <= len(terms) <= 50
    assert len(terms) == len(set(terms))


def test_what_isnt_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = anymatix_fetcher.Nonsense


def test_every_error_is_a_fetch_error_with_a_message_and_a_hint() -> None:
    errors = [getattr(anymatix_fetcher, name) for name in PUBLIC_NAMES if name.endswith(("Error", "Cancelled"))]
    assert len(errors) == 18
    for error in errors:
        raised = error("it broke", hint="mend it")
        assert isinstance(raised, anymatix_fetcher.FetchError)
        assert (raised.message, raised.hint, str(raised)) == ("it broke", "mend it", "it broke")
        assert error("it broke").hint == ""


@pytest.mark.parametrize("module", ["anymatix_fetcher", "anymatix_fetcher.cli.main"])
def test_importing_is_quick_since_what_takes_time_waits_until_it_is_used(module: str) -> None:
    loaded = in_a_fresh_interpreter(
        f"import sys; before = set(sys.modules); import {module}; print(*set(sys.modules) - before)"
    )
    assert module in loaded.split()
    assert not set(LATE) & set(loaded.split())


def test_a_values_import_brings_no_engine() -> None:
    program = "import sys; from anymatix_fetcher import FetchError, CancelToken, Digest, Settings; print(*sys.modules)"
    loaded = in_a_fresh_interpreter(program).split()
    assert "anymatix_fetcher.verbs.fetch" not in loaded
    assert not {"pycurl", "asyncio", "ssl", "email"} & set(loaded)


def test_the_library_says_nothing_unless_it_is_asked_to() -> None:
    program = "import logging, anymatix_fetcher; logging.getLogger('anymatix_fetcher.core').error('unheard')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")

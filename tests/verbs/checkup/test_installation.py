from __future__ import annotations

import tomllib
from pathlib import Path

from anymatix_fetcher import FindingState
from anymatix_fetcher.transports.abilities import Libcurl, libcurl, python_tls
from anymatix_fetcher.verbs.checkup.installation import EXTRAS, examine_engines, examine_packages

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
CURL = Libcurl("8.14.1", "7.46.0", "OpenSSL 3.5.0", http2=True, http3=False)


def test_every_extra_that_brings_something_is_looked_at() -> None:
    extras = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {name for name, brings in extras.items() if brings and name not in {"test", "dev"}} == set(EXTRAS)


def test_without_pycurl_threads_serve() -> None:
    found = {one.name: one for one in examine_engines(None, "OpenSSL 3.0.15")}
    assert {name: one.state for name, one in found.items()} == {
        "engines": FindingState.NOTE,
        "tls": FindingState.OK,
        "http/2": FindingState.NOTE,
        "http/3": FindingState.NOTE,
    }
    assert found["engines"].hint == "Run `pip install pycurl`."


def test_what_libcurl_speaks_is_told() -> None:
    found = {one.name: (one.state, one.text) for one in examine_engines(CURL, None)}
    assert found["engines"] == (FindingState.OK, "curl (libcurl 8.14.1 by pycurl 7.46.0) and threads")
    assert found["tls"] == (FindingState.OK, "OpenSSL 3.5.0 (curl)")
    assert found["http/2"][0] is FindingState.OK
    assert found["http/3"][0] is FindingState.NOTE


def test_https_that_nothing_speaks_is_a_problem() -> None:
    without = Libcurl("8.14.1", "7.46.0", "", http2=False, http3=False)
    for curl, tls in ((None, None), (without, "OpenSSL 3.0.15")):
        assert [one.state for one in examine_engines(curl, tls) if one.name == "tls"] == [FindingState.PROBLEM]


def test_this_machines_engines_are_found() -> None:
    curl = libcurl()
    assert curl is not None
    assert curl.version[0].isdigit()
    assert curl.binding[0].isdigit()
    assert python_tls()


def test_packages_that_are_lacking_are_named_with_what_they_are_for() -> None:
    there = {"filelock", "platformdirs", "picklescan", "yaml", "rich", "tomli_w", "botocore"}
    found = list(examine_packages(lambda name: name in there))
    assert [(one.name, one.text) for one in found if one.state is FindingState.PROBLEM] == [
        ("packages", "xxhash is missing: no download can write its journal")
    ]
    extras = {one.name: one for one in found if one.name.startswith("extra ")}
    assert extras["extra s3"].state is FindingState.OK
    assert extras["extra keyring"].state is FindingState.NOTE
    assert extras["extra keyring"].hint == "Run `pip install 'anymatix-fetcher[keyring]'`."

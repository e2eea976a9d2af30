from __future__ import annotations

from pathlib import Path

import pytest

from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import ReferenceSyntaxError, StorageError
from anymatix_fetcher.sources.accounts import WITH_TOKENS
from anymatix_fetcher.sources.base import Environment, Secret
from anymatix_fetcher.sources.sites import Site
from anymatix_fetcher.wiring.credentials import (
    KEYRING_SERVICE,
    Tokens,
    forget,
    main_host,
    needed,
    store,
    tokens_at_hand,
)
from anymatix_fetcher.wiring.environment import environment

NOWHERE = Path("/nowhere")


class Drawer:
    """A keyring in memory; implements ``Keyring``."""

    def __init__(self, *, locked: bool = False) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = locked

    def get_password(self, service: str, username: str, /) -> str | None:
        self._open()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self._open()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str, /) -> None:
        self._open()
        del self.kept[service, username]

    def _open(self) -> None:
        if self.locked:
            raise PermissionError("locked; SECRET")


def test_the_first_variable_that_is_set_wins() -> None:
    found = Tokens({"CIVITAI_TOKEN": "second", "CIVITAI_API_TOKEN": " first\n"}, NOWHERE, None)
    credential = found.credential("civitai")
    assert credential is not None
    assert (credential.token, credential.found_in) == (Secret("first"), "CIVITAI_API_TOKEN")
    assert list(found) == ["civitai"]


def test_hugging_faces_own_file_is_read_where_its_own_tools_keep_it(tmp_path: Path) -> None:
    (tmp_path / ".cache/huggingface").mkdir(parents=True)
    (tmp_path / ".cache/huggingface/token").write_text("hf_default\n")
    (tmp_path / "elsewhere").write_text("hf_elsewhere")
    assert Tokens({}, tmp_path, None)["huggingface"] == Secret("hf_default")
    variables = {"HF_TOKEN_PATH": str(tmp_path / "elsewhere")}
    assert Tokens(variables, tmp_path, None)["huggingface"] == Secret("hf_elsewhere")
    assert Tokens({"HF_HOME": str(tmp_path)}, NOWHERE, None).get("huggingface") is None
    assert Tokens({"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}, tmp_path, None).get("huggingface") is None
    assert Tokens({"HF_TOKEN": "hf_set"}, tmp_path, None)["huggingface"] == Secret("hf_set")


def test_a_keyring_keeps_and_forgets_tokens_of_services_and_of_any_host() -> None:
    drawer = Drawer()
    store(main_host("civitai.red", Environment()), Secret("c"), drawer)
    store(main_host("models.example.com", Environment()), Secret("m"), drawer)
    assert set(drawer.kept) == {(KEYRING_SERVICE, "civitai.com"), (KEYRING_SERVICE, "models.example.com")}
    found = Tokens({}, NOWHERE, drawer)
    assert (found["civitai"], found["models.example.com"]) == (Secret("c"), Secret("m"))
    assert forget("civitai.com", drawer)
    assert not forget("civitai.com", drawer)
    assert Tokens({}, NOWHERE, drawer).get("civitai") is None


def test_a_keyring_that_is_locked_or_missing_is_as_good_as_none_until_something_is_to_be_kept() -> None:
    assert Tokens({}, NOWHERE, Drawer(locked=True)).get("civitai") is None
    locked = Drawer(locked=True)
    for act in (
        lambda: needed(None),
        lambda: store("civitai.com", Secret("SECRET"), locked),
        lambda: forget("civitai.com", locked),
    ):
        with pytest.raises(StorageError) as refusal:
            act()
        assert refusal.value.hint
        assert "SECRET" not in f"{refusal.value!r}{refusal.value.__cause__!r}"


def test_a_token_shows_itself_to_nobody() -> None:
    secret = Secret("SECRET")
    assert "SECRET" not in f"{secret} {secret!r} {[secret]}"
    found = Tokens({"HF_TOKEN": "hf_abcdefghijklmnop", "GITHUB_TOKEN": "short"}, NOWHERE, None)
    masked = {name: credential.masked for name in found if (credential := found.credential(name))}
    assert masked == {"huggingface": "...mnop", "github": "..."}


@pytest.mark.parametrize("host", ["", "a b", "user@host", "host/path", "host?x=1"])
def test_what_isnt_a_host_is_refused(host: str) -> None:
    with pytest.raises(ReferenceSyntaxError):
        main_host(host, Environment())


def test_hosts_of_a_service_share_its_token() -> None:
    names = ("hf.co", "https://huggingface.co/", "huggingface", "www.huggingface.co", "WWW.hf.co", "huggingface.com")
    assert {main_host(name, Environment()) for name in names} == {"huggingface.co"}
    others = ("api.github.com", "raw.githubusercontent.com", "www.github.com")
    assert {main_host(name, Environment()) for name in others} == {"github.com"}
    assert main_host("www.civitai.blue", Environment()) == "civitai.com"
    assert main_host("doi.org", Environment()) == "doi.org", "it leads to Zenodo, and gets no token of it"


@pytest.mark.parametrize("name", [name for account in WITH_TOKENS.values() for name in account.sites])
def test_a_token_that_is_kept_for_any_of_a_services_names_is_sent(name: str) -> None:
    drawer = Drawer()
    store(main_host(name, Environment()), Secret("kept"), drawer)
    surroundings = Environment(tokens=Tokens({}, NOWHERE, drawer))
    account = next(account for account in WITH_TOKENS.values() if name in account.sites)
    assert Site(account).bearer(surroundings, account.sites[name]).get("Authorization") == "Bearer kept"


def test_an_endpoint_is_a_name_of_its_service() -> None:
    surroundings = Environment(endpoints={"huggingface": Url.parse("http://127.0.0.1:19100/hf")})
    for name in ("127.0.0.1:19100", "http://127.0.0.1:19100/", "huggingface.co"):
        assert main_host(name, surroundings) == "huggingface.co"
    assert main_host("127.0.0.1:19101", surroundings) == "127.0.0.1:19101"


def test_endpoints_are_urls_without_a_slash_at_the_end() -> None:
    found = environment({"HF_ENDPOINT": " https://mirror.example/hf/ ", "CIVITAI_ENDPOINT": ""}, NOWHERE)
    assert found.site("huggingface", "https://huggingface.co") == "https://mirror.example/hf"
    assert found.site("civitai", "https://civitai.com") == "https://civitai.com"
    with pytest.raises(ReferenceSyntaxError, match="HF_ENDPOINT"):
        environment({"HF_ENDPOINT": "mirror.example"}, NOWHERE)


def test_a_token_is_kept_for_one_port_and_a_host_isnt_taken_for_a_service() -> None:
    drawer = Drawer()
    store(main_host("https://models.example:443/", Environment()), Secret("of-443"), drawer)
    store(main_host("models.example:8443", Environment()), Secret("of-8443"), drawer)
    found = Tokens({"CIVITAI_TOKEN": "of-civitai"}, NOWHERE, drawer)
    assert found["https://models.example"] == Secret("of-443")
    assert found["https://models.example:8443"] == Secret("of-8443")
    assert found.credential("https://models.example:9443") is None
    assert found.credential("https://civitai") is None


def test_every_token_at_hand_is_known_whether_it_is_used_or_not(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hf_in_a_file")
    variables = {"CIVITAI_TOKEN": "second", "CIVITAI_API_TOKEN": "first", "HF_TOKEN_PATH": str(tmp_path / "token")}
    assert tokens_at_hand(variables, NOWHERE) == ("first", "second", "hf_in_a_file")

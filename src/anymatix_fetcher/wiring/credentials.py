"""Where tokens are found, and where a new one is kept.

In this order: the service's environment variables, the file where its own tool keeps the token, the system's keyring
(the extra ``keyring``). Tokens are looked for when a source asks for one, stay in memory, and are never written but
into the keyring, by :func:`store`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from anymatix_fetcher.errors import ReferenceSyntaxError, StorageError
from anymatix_fetcher.sources.accounts import HUGGING_FACE, WITH_TOKENS
from anymatix_fetcher.sources.base import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.sources.base import Environment

KEYRING_SERVICE = "anymatix-fetcher"
"""Under this name the keyring keeps tokens, each under its host."""

_TRUE = {"1", "ON", "YES", "TRUE"}


class Keyring(Protocol):
    """The system's keyring, as far as it is used: the package ``keyring`` is one."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """The secret kept under these two names."""

    def set_password(self, service: str, username: str, password: str, /) -> None:
        """Keeps a secret under two names."""

    def delete_password(self, service: str, username: str, /) -> None:
        """Forgets it."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A token and where it was found."""

    token: Secret
    found_in: str

    @property
    def masked(self) -> str:
        """As much of the token as tells it from others."""
        text = self.token.reveal()
        return f"...{text[-4:]}" if len(text) >= 12 else "..."  # noqa: PLR2004 - of a short one nothing may be told


class Tokens(Mapping[str, Secret]):
    """Tokens by the service's name, or by the origin's text for any other server; found when they are asked for.

    Args:
        variables: The environment variables.
        home: The user's home folder.
        keyring: The system's; ``None`` where there is none.
    """

    def __init__(self, variables: Mapping[str, str], home: Path, keyring: Keyring | None) -> None:
        self._variables = variables
        self._home = home
        self._keyring = keyring
        self._found: dict[str, Credential | None] = {}

    def credential(self, service: str) -> Credential | None:
        """The token of a service or an origin, with where it was found."""
        if service not in self._found:
            self._found[service] = self._find(service)
        return self._found[service]

    def __getitem__(self, service: str) -> Secret:
        credential = self.credential(service)
        if credential is None:
            raise KeyError(service)
        return credential.token

    def __iter__(self) -> Iterator[str]:
        return (service for service in WITH_TOKENS if self.credential(service) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _find(self, service: str) -> Credential | None:
        account = WITH_TOKENS.get(service)
        for variable in account.token_variables if account else ():
            text = self._variables.get(variable, "").strip()
            if text:
                return Credential(Secret(text), variable)
        if account is HUGGING_FACE and (credential := self._hugging_face_file()) is not None:
            return credential
        return self._kept(account.main_host if account else service.removeprefix("https://"))

    def _hugging_face_file(self) -> Credential | None:
        """The token that ``hf auth login`` has stored, unless its use unasked was turned off."""
        variables = self._variables
        if variables.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() in _TRUE:
            return None
        cache = Path(variables.get("XDG_CACHE_HOME") or self._home / ".cache")
        folder = Path(variables.get("HF_HOME") or cache / "huggingface")
        path = Path(variables.get("HF_TOKEN_PATH") or folder / "token").expanduser()
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError):
            return None
        return Credential(Secret(text), str(path)) if text else None

    def _kept(self, host: str) -> Credential | None:
        if self._keyring is None:
            return None
        try:
            text = self._keyring.get_password(KEYRING_SERVICE, host)
        except Exception:  # noqa: BLE001 - a keyring that is locked or broken is as good as none
            return None
        return Credential(Secret(text), "keyring") if text else None


def tokens(variables: Mapping[str, str] | None = None, home: Path | None = None) -> Tokens:
    """The tokens of this machine's user."""
    return Tokens(os.environ if variables is None else variables, home or Path.home(), system_keyring())


def tokens_at_hand(variables: Mapping[str, str] | None = None, home: Path | None = None) -> tuple[str, ...]:
    """Every token in the environment and in the tools' own files, used or not, so that none is printed by accident.

    The keyring isn't opened for it: that may ask the user.
    """
    variables = os.environ if variables is None else variables
    set_ones = (variables.get(name, "").strip() for one in WITH_TOKENS.values() for name in one.token_variables)
    found = Tokens(variables, home or Path.home(), None)
    return tuple(dict.fromkeys(filter(None, (*set_ones, *(token.reveal() for token in found.values())))))


@cache
def system_keyring() -> Keyring | None:
    """The system's keyring; ``None`` where the extra isn't installed, or there is none that can keep anything."""
    try:
        import keyring  # noqa: PLC0415 - an extra, and slow to import
        from keyring.backends import fail  # noqa: PLC0415 - as above
    except ImportError:
        return None
    return None if isinstance(keyring.get_keyring(), fail.Keyring) else keyring


def main_host(host: str, environment: Environment) -> str:
    """The host under which the token for ``host`` is kept: a service's names, and its endpoint's, share one token.

    Raises:
        ReferenceSyntaxError: It isn't a host's name.
    """
    text = host.strip().lower().rstrip("/")
    name = text.removeprefix("https://").removesuffix(":443")
    for account in WITH_TOKENS.values():
        origins = {*map(str, environment.asked(account)), *(site for _, site in account.asked)}
        names = {account.name, *account.sites, *(origin.partition("://")[2] for origin in origins)}
        if name in names or text in origins:
            return account.main_host
    if not name or any(character in name for character in "/@?# "):
        raise ReferenceSyntaxError("not a host's name", hint="Expected a name such as civitai.com.")
    return name


def needed(keyring: Keyring | None) -> Keyring:
    """The keyring, where one is needed.

    Raises:
        StorageError: There is none.
    """
    if keyring is None:
        raise StorageError(
            "there is no keyring to keep a token in",
            hint="pip install 'anymatix-fetcher[keyring]', or set the service's environment variable.",
        )
    return keyring


def store(host: str, token: Secret, keyring: Keyring) -> None:
    """Keeps ``token`` for ``host`` in the keyring.

    Raises:
        StorageError: It refuses.
    """
    with _opened("doesn't keep the token"):
        keyring.set_password(KEYRING_SERVICE, host, token.reveal())


def forget(host: str, keyring: Keyring) -> bool:
    """Whether a token for ``host`` was in the keyring; it isn't any more.

    Raises:
        StorageError: It can't be looked at, or refuses.
    """
    with _opened("doesn't tell"):
        if keyring.get_password(KEYRING_SERVICE, host) is None:
            return False
    with _opened("doesn't forget the token"):
        keyring.delete_password(KEYRING_SERVICE, host)
    return True


@contextmanager
def _opened(refusal: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - each backend has exceptions of its own
        raise StorageError(
            f"the keyring {refusal}: {type(error).__name__}", hint="Unlock the keyring, and try again."
        ) from None

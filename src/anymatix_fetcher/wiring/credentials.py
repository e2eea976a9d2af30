"""Finds tokens, and stores new ones.

They are looked up in the service's environment variables, in the file of the service's own tool, and in the system's
keyring (the extra ``keyring``), in this order. A lookup happens when a source needs a token. Tokens stay in memory, and
are written to the keyring only, by :func:`store`.
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
from anymatix_fetcher.wiring.state_folder import SECRET_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.sources.base import Environment

KEYRING_SERVICE = "anymatix-fetcher"
"""The name under which the keyring stores tokens, one per host."""

_TRUE = {"1", "ON", "YES", "TRUE"}


class Keyring(Protocol):
    """The part of the system's keyring that is used; the package ``keyring`` implements it."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """The secret stored under these two names."""

    def set_password(self, service: str, username: str, password: str, /) -> None:
        """Stores a secret under two names."""

    def delete_password(self, service: str, username: str, /) -> None:
        """Removes the secret."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A token and where it was found."""

    token: Secret
    found_in: str

    @property
    def masked(self) -> str:
        """The last characters of the token, enough to recognize it."""
        text = self.token.reveal()
        return f"...{text[-4:]}" if len(text) >= 12 else "..."  # noqa: PLR2004 - a short token is hidden completely


class Tokens(Mapping[str, Secret]):
    """Tokens by service name, or by the origin of any other server; looked up on use.

    Args:
        variables: The environment variables.
        home: The user's home folder.
        keyring: The system's keyring; ``None`` if there is none.
    """

    def __init__(self, variables: Mapping[str, str], home: Path, keyring: Keyring | None) -> None:
        self._variables = variables
        self._home = home
        self._keyring = keyring
        self._found: dict[str, Credential | None] = {}

    def credential(self, service: str) -> Credential | None:
        """The token of a service or an origin, and where it was found."""
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
        """The token stored by ``hf auth login``, unless its implicit use is disabled."""
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
        except Exception:  # noqa: BLE001 - a locked or broken keyring counts as none
            return None
        return Credential(Secret(text), "keyring") if text else None


def tokens(variables: Mapping[str, str] | None = None, home: Path | None = None) -> Tokens:
    """The tokens of the current user."""
    return Tokens(os.environ if variables is None else variables, home or Path.home(), system_keyring())


def tokens_at_hand(variables: Mapping[str, str] | None = None, home: Path | None = None) -> tuple[str, ...]:
    """Every token in the environment and in the tools' files, used or not, so that none is printed.

    The keyring isn't opened for this, because it may ask the user.
    """
    variables = os.environ if variables is None else variables
    set_ones = (variables.get(name, "").strip() for one in WITH_TOKENS.values() for name in one.token_variables)
    found = Tokens(variables, home or Path.home(), None)
    revealed = (token.reveal() for token in found.values())
    return tuple(dict.fromkeys(filter(None, (*set_ones, variables.get(SECRET_VARIABLE, "").strip(), *revealed))))


@cache
def system_keyring() -> Keyring | None:
    """The system's keyring; ``None`` if the extra isn't installed, or no backend can store secrets."""
    try:
        import keyring  # noqa: PLC0415 - an extra, and slow to import
        from keyring.backends import fail  # noqa: PLC0415 - as above
    except ImportError:
        return None
    return None if isinstance(keyring.get_keyring(), fail.Keyring) else keyring


def main_host(host: str, environment: Environment) -> str:
    """The host under which the token for ``host`` is stored: all names of a service and its endpoint share one.

    Raises:
        ReferenceSyntaxError: ``host`` isn't a host name.
    """
    text = host.strip().lower().rstrip("/")
    name = text.removeprefix("https://").removesuffix(":443")
    for account in WITH_TOKENS.values():
        origins = {*map(str, environment.asked(account)), *(site for _, site in account.asked)}
        names = {account.name, *account.sites, *(origin.partition("://")[2] for origin in origins)}
        if name in names or text in origins:
            return account.main_host
    if not name or any(character in name for character in "/@?# "):
        raise ReferenceSyntaxError("not a host name", hint="Expected a name such as civitai.com.")
    return name


def needed(keyring: Keyring | None) -> Keyring:
    """The keyring.

    Raises:
        StorageError: There is none.
    """
    if keyring is None:
        raise StorageError(
            "there is no keyring to store a token in",
            hint="Install it with `pip install 'anymatix-fetcher[keyring]'`, or set the service's environment "
            "variable.",
        )
    return keyring


def store(host: str, token: Secret, keyring: Keyring) -> None:
    """Stores ``token`` for ``host`` in the keyring.

    Raises:
        StorageError: The keyring refuses.
    """
    with _opened("refuses to store the token"):
        keyring.set_password(KEYRING_SERVICE, host, token.reveal())


def forget(host: str, keyring: Keyring) -> bool:
    """Removes the token for ``host``; returns whether there was one.

    Raises:
        StorageError: The keyring can't be read, or refuses.
    """
    with _opened("can't be read"):
        if keyring.get_password(KEYRING_SERVICE, host) is None:
            return False
    with _opened("refuses to remove the token"):
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

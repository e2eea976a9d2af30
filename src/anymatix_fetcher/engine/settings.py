"""How to download: the keywords of the library's calls, in the forms that people have them in, and what they come to.

:class:`Options` says which keywords there are and what they take, :class:`Settings` what each of them means and its
default; signatures and help texts of the calls are made of both.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.forms import Engine
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.names import Naming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from inspect import Signature

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.library.containment import Bounds
    from anymatix_fetcher.transports.limiter import RateLimiter


class GettingThere(TypedDict, total=False):
    """The keywords that say how to get there, and how fast."""

    connections: int | None
    max_connections: int
    engine: Engine | str
    limit_rate: float | RateLimiter | None
    peers: Iterable[str] | str
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    proxy: str | None
    ca_file: Path | str | None
    verify_tls: bool
    http3: bool


class Options(GettingThere, total=False):
    """The keywords of :func:`fetch`, in the forms that people have them in; :class:`Settings` says what they mean."""

    output: Path | str | None
    directory: Path | str | None
    digests: Iterable[Digest | str] | Digest | str
    sha256: Digest | str | None
    overwrite: bool
    take_over: bool
    adopt_partial: Path | str | None
    as_is: bool
    allow_unsafe: bool
    include: Iterable[str] | str
    exclude: Iterable[str] | str
    mirrors: Iterable[str] | str
    type: str
    models: Path | str | None
    extra_paths: Iterable[Path | str] | Path | str
    naming: Naming | str
    folder: str
    links: bool
    sidecar: bool
    remember: bool
    length: int | None


class _Keywords:
    """The signature of the settings, each keyword with its type and default; made when it is asked for."""

    def __get__(self, instance: object, owner: type) -> Signature:
        from inspect import Parameter, Signature  # noqa: PLC0415 - slow to import, and seldom asked for

        forms = Options.__annotations__
        spelled = {name: str(getattr(form, "__forward_arg__", form)) for name, form in forms.items()}
        return Signature(
            [
                Parameter(name, Parameter.KEYWORD_ONLY, default=DEFAULTS.get(name), annotation=annotation)
                for name, annotation in spelled.items()
            ]
        )


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Settings:
    """How to download; every field has a default that suits most.

    Args:
        output: The exact destination; a relative one lies in ``directory``, as in curl and aria2.
        directory: The folder that gets the file, under the name that the server or the URL gives it.
        digests: What the whole file must have; checked always. One or more, as text: ``"sha256:HEX"``, ``"md5:HEX"``.
        sha256: 64 hexadecimal digits that the whole file must have; the same as one of ``digests``.
        connections: A fixed number of connections; ``None`` adapts it.
        max_connections: How far ``connections=None`` may climb.
        engine: The tier to use.
        limit_rate: Bytes a second for all that is fetched together; a :class:`RateLimiter` can be changed meanwhile,
            and shared between calls. ``None`` for as fast as the line allows.
        peers: Servers of one's own that are asked for the file by its SHA-256, before its own place is: the URLs of
            ``anyfetch serve --share``, beside those in ``$ANYFETCH_PEERS``. They get ``$ANYFETCH_SECRET``.
        overwrite: Replace what is at the destination, and drop a part file of other content.
        take_over: Go on with the part file at the destination though another address has begun it; blocks of it are
            compared before anything is added.
        as_is: Keep whatever the server sends: a model's name isn't held against the bytes under it.
        allow_unsafe: Publish a pickle even if a scan finds that it does harm to whoever loads it.
        adopt_partial: An unfinished file that another program has left, to be gone on with; ``"auto"`` for one beside
            the destination. Where a digest will settle it, one beside the destination is gone on with anyway, and so is
            what aria2 has begun at the destination itself.
        headers: Fields to send to the reference's own origin, never to where it redirects.
        proxy: A proxy URL; "" for none; ``None`` follows the environment.
        ca_file: Certificates to trust instead of the system's.
        verify_tls: Whether certificates are checked; turning it off is said in the log.
        http3: Try HTTP/3 where the build has it.
        include: Globs of the paths that are wanted of a repository; empty for all.
        exclude: Globs of the paths that aren't.
        mirrors: Other places with the same bytes: URLs. They bring pieces where a digest will prove the whole; else one
            steps in where the first place can't go on.
        type: What it is, as ``lora`` or ``vae``: it goes to that type's folder of models instead of ``directory``.
            ``auto`` takes the source's word.
        models: Where the models are; ``None`` for ``$ANYFETCH_MODELS``, a ComfyUI that is found, or ``./models``.
        extra_paths: More files like ComfyUI's ``extra_model_paths.yaml``.
        naming: ``anymatix`` ends the file's name with the SHA-256 of its content, as the first AnymatixFetcher does.
        folder: A template for folders below the type's, as ``{base_model}``, and for the name, as
            ``{base_model}/{name}``.
        links: Whether a file that is here already, by its digest, is linked or copied instead of downloaded.
        sidecar: Whether a small file that says where it came from lies beside the file; it does so among models always.
        remember: Whether what is learned of files and hosts is kept for later runs, and what earlier ones have learned
            is used.
        length: Bytes of the whole file, where the caller knows; a source or a server that has another one is refused.
        bounds: Where the destination has to stay, where a list, a lock file or a workflow names ``output`` or a part
            of ``directory``; ``None`` where both are the caller's own words.

    Raises:
        TypeError: There is no such keyword.
        ReferenceSyntaxError: A value is of a wrong kind, can't be read, or contradicts another one.
    """

    output: Path | None = None
    directory: Path = Path()
    digests: tuple[Digest, ...] = ()
    connections: int | None = None
    max_connections: int = 32
    engine: Engine = Engine.AUTO
    limit_rate: float | RateLimiter | None = None
    peers: tuple[str, ...] = field(default=(), repr=False)
    overwrite: bool = False
    take_over: bool = False
    as_is: bool = False
    allow_unsafe: bool = False
    adopt_partial: Path | str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    verify_tls: bool = True
    http3: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = field(default=(), repr=False)
    type: str = ""
    models: Path | None = None
    extra_paths: tuple[Path, ...] = ()
    naming: Naming = Naming.PLAIN
    folder: str = ""
    links: bool = True
    sidecar: bool = False
    remember: bool = True
    length: int | None = None
    bounds: Bounds | None = None

    __signature__ = _Keywords()

    def __init__(self, *, bounds: Bounds | None = None, **options: Unpack[Options]) -> None:
        unknown = [name for name in options if name not in _FORMS]
        if unknown:
            raise TypeError(forms.unknown(unknown[0], _FORMS))
        given: dict[str, Any] = {name: _FORMS[name](name, value) for name, value in options.items()}
        sha256 = given.pop("sha256", None)
        if sha256 is not None:
            given["digests"] = (*given.get("digests", ()), sha256)
        given["digests"] = _agreeing(given.get("digests", ()))
        given["bounds"] = bounds
        for name, default in DEFAULTS.items():
            object.__setattr__(self, name, given.get(name, default))

    def anchored(self, here: Callable[[], Path]) -> Settings:
        """The same with absolute paths: relative ones lie in what ``here`` tells, whatever the current folder is later.

        Raises:
            StorageError: There is no such folder.
        """

        def at(path: Path) -> Path:
            return path if path.is_absolute() else here() / path

        partial, bounds = self.adopt_partial, self.bounds
        return replace(
            self,
            output=self.output and at(self.directory / self.output),
            directory=at(self.directory) if self.directory.parts else self.directory,
            adopt_partial=at(partial) if isinstance(partial, Path) else partial,
            ca_file=self.ca_file and at(self.ca_file),
            models=self.models and at(self.models),
            extra_paths=tuple(map(at, self.extra_paths)),
            bounds=bounds and replace(bounds, folder=at(bounds.folder), root=bounds.root and at(bounds.root)),
        )


def _agreeing(digests: Iterable[Digest]) -> tuple[Digest, ...]:
    unique = tuple(dict.fromkeys(digests))
    algorithms = [digest.algorithm for digest in unique]
    for algorithm in algorithms:
        if algorithms.count(algorithm) > 1:
            raise ReferenceSyntaxError(
                f"two different {algorithm} digests are given", hint="A file has only one: leave the other away."
            )
    return unique


DEFAULTS: dict[str, Any] = {one.name: one.default for one in fields(Settings)}
"""What each setting is where nothing is said of it, in the order of the documentation."""

_FORMS: dict[str, Callable[[str, object], object]] = {
    "output": forms.exact,
    "directory": forms.folder,
    "digests": forms.digests,
    "sha256": forms.sha256,
    "connections": forms.count_or_none,
    "max_connections": forms.count,
    "engine": forms.engine,
    "limit_rate": forms.rate,
    "peers": forms.peers,
    "overwrite": forms.switch,
    "take_over": forms.switch,
    "as_is": forms.switch,
    "allow_unsafe": forms.switch,
    "adopt_partial": forms.partial,
    "headers": forms.headers,
    "proxy": forms.text_or_none,
    "ca_file": forms.path,
    "verify_tls": forms.switch,
    "http3": forms.switch,
    "include": forms.texts,
    "exclude": forms.texts,
    "mirrors": forms.mirrors,
    "type": forms.text,
    "models": forms.path,
    "extra_paths": forms.paths,
    "naming": forms.naming,
    "folder": forms.text,
    "links": forms.switch,
    "sidecar": forms.switch,
    "remember": forms.switch,
    "length": forms.length,
}

"""The settings of downloads, as keyword arguments and as parsed values.

:class:`Options` defines the keywords and their types, :class:`Settings` their meanings and defaults. Signatures and
help texts of the library's functions are generated from both.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from anymatix_fetcher.core.pace.settings import DEFAULT_MAXIMUM
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
    """The network keywords."""

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
    """The keywords of :func:`fetch`; :class:`Settings` describes them."""

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
    """The signature of the settings, generated on use."""

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
    """The settings of a download; every field has a default.

    Args:
        output: The exact destination; a relative one is within ``directory``, as in curl and aria2.
        directory: The destination folder. The file's name comes from the server or the URL.
        digests: The expected digests of the whole file, always verified. One or more texts: ``"sha256:HEX"``,
            ``"md5:HEX"``.
        sha256: The expected SHA-256 in 64 hexadecimal digits; equivalent to one of ``digests``.
        connections: A fixed number of connections; ``None`` adapts it.
        max_connections: The upper limit for ``connections=None``, never exceeded. If it isn't given, twice the default
            is possible where each step up to the default has increased the throughput.
        engine: The transport to use.
        limit_rate: The rate limit in bytes per second for all files together. A :class:`RateLimiter` can be changed
            while downloads run, and shared between calls. ``None`` for no limit.
        peers: Servers of your own that are asked for the file by its SHA-256 before its origin is: the URLs of
            ``anyfetch serve --share``, in addition to those in ``$ANYFETCH_PEERS``. They get ``$ANYFETCH_SECRET``.
        overwrite: Whether to replace the destination, and to discard a part file of other content.
        take_over: Whether to continue a part file that was started from another URL; blocks of it are compared first.
        as_is: Whether to keep the response even if its content contradicts a model's name.
        allow_unsafe: Whether to publish a pickle even if it imports harmful code.
        adopt_partial: The partial file of another program to continue; ``"auto"`` for one beside the destination. If a
            digest is known, one beside the destination is continued anyway, as is aria2's partial file at the
            destination itself.
        headers: Header fields for the reference's own origin, never sent to redirect targets.
        proxy: A proxy's URL; "" for none; ``None`` follows the environment.
        ca_file: Certificates to trust instead of the system's.
        verify_tls: Whether to check certificates; a warning is logged if not.
        http3: Whether to try HTTP/3 if libcurl supports it.
        include: Globs of paths to select from a repository; empty for all.
        exclude: Globs of paths to leave out.
        mirrors: Other URLs of the same file. They are used in parallel if a digest is known; otherwise one is used if
            the first URL fails.
        type: The model type, such as ``lora`` or ``vae``, which selects a model folder instead of ``directory``.
            ``auto`` takes the type from the source.
        models: The models root; ``None`` for ``$ANYFETCH_MODELS``, a ComfyUI that is found, or ``./models``.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        naming: ``anymatix`` appends the SHA-256 of the content to the file's name, as the first AnymatixFetcher does.
        folder: A template for subfolders, such as ``{base_model}``, and for the name, such as ``{base_model}/{name}``.
        links: Whether to link or copy an existing local file with the expected digest instead of downloading.
        sidecar: Whether to write a sidecar with the file's origin; always done below the models root.
        remember: Whether to store facts about files and hosts for later runs, and to use stored ones.
        length: The file's size in bytes, if known; a source or a server that states another one is refused.
        bounds: The bounds of the destination if a list, a lock file or a workflow named it; ``None`` if the caller did.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type, can't be parsed, or contradicts another one.
    """

    output: Path | None = None
    directory: Path = Path()
    digests: tuple[Digest, ...] = ()
    connections: int | None = None
    max_connections: int = DEFAULT_MAXIMUM
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
        # Most values of a copy are the defaults themselves: converting those again is most of what a long list costs.
        given: dict[str, Any] = {
            name: value if value is DEFAULTS.get(name, _CONVERTED) else _FORMS[name](name, value)
            for name, value in options.items()
        }
        sha256 = given.pop("sha256", None)
        if sha256 is not None:
            given["digests"] = (*given.get("digests", ()), sha256)
        given["digests"] = _agreeing(given.get("digests", ()))
        given["bounds"] = bounds
        for name, default in DEFAULTS.items():
            object.__setattr__(self, name, given.get(name, default))

    def anchored(self, here: Callable[[], Path]) -> Settings:
        """The settings with absolute paths; relative ones are resolved against the folder that ``here`` returns now.

        Raises:
            StorageError: That folder doesn't exist.
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


_CONVERTED = object()
DEFAULTS: dict[str, Any] = {one.name: one.default for one in fields(Settings)}
"""The defaults of all settings, in the order of the documentation."""

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
    "proxy": forms.proxy,
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

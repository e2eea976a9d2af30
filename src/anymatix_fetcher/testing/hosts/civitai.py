"""A stand-in for Civitai: its API, its download handler, and the stores behind it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from anymatix_fetcher.testing.hosts.civitai_catalog import model_json, stated_hashes, version_json
from anymatix_fetcher.testing.hosts.schemes import BackblazeScheme, R2Scheme
from anymatix_fetcher.testing.hosts.sigv4 import Credentials
from anymatix_fetcher.testing.hosts.site import Host, bearer_token, json_answer, page, query_fields, redirect
from anymatix_fetcher.testing.hosts.stores import Store
from anymatix_fetcher.testing.responses.making import Draft, document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anymatix_fetcher.testing.hosts.civitai_catalog import CivitaiFile, CivitaiModel, CivitaiVersion
    from anymatix_fetcher.testing.hosts.site import Moment
    from anymatix_fetcher.testing.messages import Request

_BROWSER = re.compile("mozilla|chrome|safari|firefox|opera|edge", re.IGNORECASE)
_NO_STORE: Final = (("Cache-Control", "no-store, max-age=0"),)
_DEFAULTS: Final = {"type": "Model", "format": "SafeTensor", "size": "pruned", "fp": "fp16"}
"""The download handler's defaults."""
_VALUES: Final = {
    "type": {
        *("Model", "Text Encoder", "Vision Encoder", "Pruned Model", "Negative", "Training Data", "VAE", "Config"),
        *("Archive", "UNet", "Diffusion Model", "CLIPVision", "ControlNet", "Workflow", "Upscaler", "Enhancement LoRA"),
        "Other",
    },
    "format": {"SafeTensor", "PickleTensor", "GGUF", "Diffusers", "Core ML", "ONNX", "Other"},
    "size": {"full", "pruned"},
}
_SIGN_IN = "The creator of this asset requires you to be logged in to download it"
_TOO_MANY = (
    "We've noticed an unusual amount of downloading from your account. Contact support@civitai.com or come back later."
)
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class CivitaiSettings:
    """The settings of the stand-in.

    Attributes:
        tokens: The valid API keys.
        token_required: Whether every download needs a token.
        url_seconds: The lifetime of a URL of R2; in reality 24 h.
        b2_seconds: The lifetime of a URL of Backblaze; in reality 1 h.
        b2_after: The number of redirects to R2 before all others lead to Backblaze; none for no such change.
        bytes_per_second: The limit of a connection to either store.
        daily_limit: The limit of redirects within 24 h for each account, and for all requests without one.
        failures: The number of first downloads that end in the 404 of an unavailable store.
        mismatches: Whether a query by metadata from the API fails with 404, as for an account that prefers another
            format.
    """

    tokens: frozenset[str] = frozenset()
    token_required: bool = False
    url_seconds: int = 86_400
    b2_seconds: int = 3_600
    b2_after: int | None = None
    bytes_per_second: float | None = None
    daily_limit: int | None = None
    failures: int = 0
    mismatches: bool = False


@dataclass(slots=True)
class CivitaiCounts:
    """The counts of the download handler.

    Attributes:
        hits: The number of calls, including HEAD and refusals.
        redirects: The times of redirects by account; the empty name counts requests without an account.
    """

    hits: int = 0
    failures: int = 0
    redirects: dict[str, list[float]] = field(default_factory=dict)

    @property
    def downloads(self) -> int:
        """The number of redirects, each of which counts as a download."""
        return sum(map(len, self.redirects.values()))


def civitai(models: Sequence[CivitaiModel], settings: CivitaiSettings | None = None) -> Host:
    """A stand-in with the sites ``civitai``, ``civitai-r2`` and ``civitai-b2``."""
    settings = settings or CivitaiSettings()
    rate = settings.bytes_per_second
    r2 = Store(
        "civitai-r2",
        R2Scheme(Credentials("0123456789abcdef0123456789abcdef", "secret of the stand-in for R2")),
        prefix="/civitai-delivery-worker-prod/",
        bytes_per_second=rate,
    )
    b2 = Store(
        "civitai-b2",
        BackblazeScheme(b"secret of the stand-in for Backblaze"),
        prefix="/file/civitai-modelfiles/",
        bytes_per_second=rate,
    )
    site = CivitaiSite(models, settings, r2, b2)
    return Host({"civitai": site, r2.name: r2, b2.name: b2}, {"CIVITAI_ENDPOINT": "civitai"})


class CivitaiSite:
    """The API and the download handler; implements ``Site``."""

    stores = False

    def __init__(self, models: Sequence[CivitaiModel], settings: CivitaiSettings, r2: Store, b2: Store) -> None:
        self.counts = CivitaiCounts()
        self._settings = settings
        self._r2, self._b2 = r2, b2
        self._models = {model.id: model for model in models}
        self._versions = {version.id: (model, version) for model in models for version in model.versions}
        for _, version in self._versions.values():
            for file in version.files:
                for store in (r2, b2):
                    store.put(_key(file), file.file, f"civitai:{version.id}/{file.file.name}")

    def answer(self, request: Request, moment: Moment) -> Draft:
        """Implements ``Site.answer``."""
        _, *parts = request.path.split("/")
        url = moment.urls["civitai"]
        match parts:
            case ["api", "download", "models", number] if number.isdecimal():
                return self._download(request, int(number), moment)
            case ["api", "v1", "models", number] if number.isdecimal() and int(number) in self._models:
                return _cached(model_json(self._models[int(number)], url), 300)
            case ["api", "v1", "model-versions", "by-hash"] if request.method == "POST":
                return self._by_hashes(request.body, url, most=100)
            case ["api", "v1", "model-versions", "by-hash", "ids"] if request.method == "POST":
                return self._by_hashes(request.body, None, most=10_000)
            case ["api", "v1", "model-versions", "by-hash", text]:
                return self._by_hash(text, url)
            case ["api", "v1", "model-versions", number] if number.isdecimal() and int(number) in self._versions:
                return _cached(version_json(*self._versions[int(number)], url), 300)
            case ["api", "v1", *_]:
                return json_answer(404, {"error": f"No {'version' if 'model-versions' in parts else 'model'} found"})
            case _:
                return page(200, "<head><title>Civitai</title></head><body>Sign in</body>")

    # ---- The API ----

    def _by_hash(self, text: str, url: str) -> Draft:
        """The oldest version that has a file with this hash of any kind."""
        for number in sorted(self._versions):
            model, version = self._versions[number]
            if any(text.upper() in stated_hashes(file).values() for file in version.files):
                return _cached(version_json(model, version, url), 3600)
        return json_answer(404, {"error": "Model not found"})

    def _by_hashes(self, body: bytes, url: str | None, *, most: int) -> Draft:
        """The versions that have a file with one of these SHA-256; without ``url`` only their numbers."""
        try:
            wanted = {str(text).upper() for text in json.loads(body)}
        except (ValueError, TypeError):
            return json_answer(400, {"error": "Expected array"})
        if len(wanted) > most:
            return json_answer(400, {"error": f"Array must contain at most {most} element(s)"})
        found = [
            {"modelVersionId": version.id, "modelId": model.id, "hash": file.file.sha256.upper()}
            if url is None
            else version_json(model, version, url)
            for model, version in self._versions.values()
            for file in version.files
            if file.file.sha256.upper() in wanted
        ]
        return json_answer(200, found)

    # ---- The download handler ----

    def _download(self, request: Request, number: int, moment: Moment) -> Draft:
        self.counts.hits += 1
        fields = query_fields(request)
        wrong = next((name for name, known in _VALUES.items() if name in fields and fields[name] not in known), None)
        if wrong is not None:
            return json_answer(400, {"error": f"Invalid enum value at {wrong}"})
        account = self._account(request, fields)
        model, version = self._versions.get(number, (None, None))
        file = None if version is None else self._picked(version, fields)
        if model is None or version is None or file is None:
            return json_answer(404, {"error": "File not found"})
        refused = self._refused(request, version, account) or self._limited(account, moment.now)
        if refused is not None:
            return refused
        if self.counts.failures < self._settings.failures:
            self.counts.failures += 1
            return json_answer(404, {"error": "File not found"}, [("Cache-Control", "private, no-store")])
        return self._redirected(file, account, moment)

    def _account(self, request: Request, fields: Mapping[str, str]) -> str:
        """The account of the token; the header has precedence. A wrong token counts as none."""
        token = bearer_token(request) or fields.get("token", "")
        return token if token in self._settings.tokens else ""

    def _picked(self, version: CivitaiVersion, fields: Mapping[str, str]) -> CivitaiFile | None:
        """The requested file: by its number, or the best match of the parameters and defaults."""
        if "fileId" in fields:
            return next((file for file in version.files if str(file.id) == fields["fileId"]), None)
        asked = {name: value for name, value in fields.items() if name in _DEFAULTS}
        preferred = _DEFAULTS if self._settings.mismatches else {**_DEFAULTS, **asked}
        best = max(version.files, key=lambda file: _score(file, preferred))
        said = _described(best)
        return best if all(said.get(name) == value for name, value in asked.items()) else None

    def _refused(self, request: Request, version: CivitaiVersion, account: str) -> Draft | None:
        match version.access:
            case "archived":
                return json_answer(410, {"error": "Model archived, not available for download"})
            case "disabled":
                message = "The creator of this asset has disabled downloads on this file"
                return json_answer(401, {"error": "Unauthorized", "message": message})
            case "early":
                return _early(request, version)
            case "forbidden":
                return json_answer(403, {"error": "You do not have access to download this file"})
            case "broken":
                return json_answer(500, {"error": "Error getting file"})
            case "open" | "token":
                needed = self._settings.token_required or version.access == "token"
                return _sign_in(request) if needed and not account else None

    def _limited(self, account: str, now: float) -> Draft | None:
        limit = self._settings.daily_limit
        recent = [at for at in self.counts.redirects.get(account, []) if now - at < _DAY_SECONDS]
        return json_answer(429, {"error": _TOO_MANY}) if limit is not None and len(recent) >= limit else None

    def _redirected(self, file: CivitaiFile, account: str, moment: Moment) -> Draft:
        settings = self._settings
        to_b2 = settings.b2_after is not None and self.counts.downloads >= settings.b2_after
        self.counts.redirects.setdefault(account, []).append(moment.now)
        store, life = (self._b2, settings.b2_seconds) if to_b2 else (self._r2, settings.url_seconds)
        return redirect(307, store.url(_key(file), moment, life), _NO_STORE, signed=True)


def _key(file: CivitaiFile) -> str:
    """The key of a file in the store."""
    return f"model/{1_000_000 + file.id}/{file.file.name}"


def _described(file: CivitaiFile) -> dict[str, str]:
    return {"type": file.kind, **file.metadata}


def _score(file: CivitaiFile, preferred: Mapping[str, str]) -> int:
    """The score of a file for the preferences; the type outweighs all others."""
    said = _described(file)
    weights = {"type": 8, "format": 4, "size": 2, "fp": 1}
    return sum(weights[name] for name, value in preferred.items() if said.get(name) == value)


def _browser(request: Request) -> bool:
    return _BROWSER.search(request.headers.get("user-agent", "")) is not None


def _sign_in(request: Request) -> Draft:
    if _browser(request):
        return redirect(307, f"/login?returnUrl={request.path}&reason=download-auth")
    return json_answer(401, {"error": "Unauthorized", "message": _SIGN_IN})


def _early(request: Request, version: CivitaiVersion) -> Draft:
    if _browser(request):
        return redirect(307, f"/model-versions/{version.id}")
    message = "This asset is in Early Access. You can use Buzz access it now!"
    return json_answer(403, {"error": "Early Access", "deadline": version.deadline, "message": message})


def _cached(value: object, seconds: int) -> Draft:
    text = json.dumps(value)
    cache = ("Cache-Control", f"public, s-maxage={seconds}, stale-while-revalidate={seconds // 2}")
    return document(200, "application/json; charset=utf-8", text, [cache])

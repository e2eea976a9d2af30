"""``anyfetch testserver --hosts``: the stand-ins for model hosts and their description."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from anymatix_fetcher.testing.hosts import REFERENCES, TOKEN, EverythingSettings, Hosts, everything

if TYPE_CHECKING:
    import ssl

_TOKEN_VARIABLES = ("CIVITAI_API_TOKEN", "HF_TOKEN", "GITHUB_TOKEN", "MODELSCOPE_API_TOKEN")


def hosts(
    *,
    address: str | None,
    first_port: int | None,
    seed: int | None,
    url_seconds: float | None,
    bytes_per_second: float | None,
    pins_range: bool | None,
    tls: ssl.SSLContext | None,
) -> Hosts:
    """All stand-ins, not started yet; ``None`` selects a setting's default."""
    settings = EverythingSettings(
        url_seconds=None if url_seconds is None else max(1, round(url_seconds)),
        bytes_per_second=bytes_per_second,
        seed=seed or 0,
        pins_range=EverythingSettings().pins_range if pins_range is None else pins_range,
    )
    stand_ins = everything(settings)
    return Hosts(*stand_ins, seed=seed or 0, address=address or "127.0.0.1", first_port=first_port or 0, tls=tls)


def offer(running: Hosts, *, as_json: bool) -> str:
    """The stand-ins as shell commands, or as a JSON object."""
    if as_json:
        said = {
            "variables": running.variables,
            "sites": dict(running.urls),
            "token": TOKEN,
            "references": list(REFERENCES),
        }
        return json.dumps(said) + "\n"
    without = {name: url for name, url in running.urls.items() if url not in running.variables.values()}
    lines = [f"export {variable}={url}" for variable, url in running.variables.items()]
    lines += [f"# {name} {url}" for name, url in without.items()]
    lines += [f"# some of it needs a token: export {' '.join(f'{name}={TOKEN}' for name in _TOKEN_VARIABLES)}"]
    lines += [f"# try: anyfetch {reference}" for reference in REFERENCES]
    return "\n".join([*lines, "# Press Ctrl-C to stop."]) + "\n"

from __future__ import annotations

from pathlib import Path

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.engine.settings import Settings
from anymatix_fetcher.library.names import Naming
from tests.cli.fakes import SHA256, URL, ScriptedFetch, downloaded


def settings_from(*arguments: str, reference: str = URL) -> Settings:
    fetch = ScriptedFetch([downloaded()])
    assert main([*arguments, reference], fetch_many=fetch) == 0
    return fetch.jobs[0].settings


def test_every_option_reaches_the_settings(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text("")
    assert settings_from(
        *("-t", "lora", "--models", "m", "--extra-paths", str(extra), "--folder", "{base_model}/{name}"),
        *("--naming", "anymatix", "--link", "never", "--sidecar"),
    ) == Settings(
        type="lora",
        models=Path("m"),
        extra_paths=(extra,),
        folder="{base_model}/{name}",
        naming=Naming.ANYMATIX,
        links=False,
        sidecar=True,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("-t", "lora", "-d", "x"),
        ("--folder", "{name}", "-o", "x"),
        ("--models", "m"),
        ("--extra-paths", "no-such.yaml", "-t", "lora"),
        ("--naming", "odd"),
        ("--link", "always"),
    ],
)
def test_what_has_two_destinations_or_none_is_wrong_usage(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    fetch = ScriptedFetch([downloaded()])
    assert main([*arguments, URL], fetch_many=fetch) == 2
    assert not fetch.jobs
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")


def test_models_alone_may_be_named_for_what_is_here_or_has_a_destination() -> None:
    assert settings_from("--models", "m", reference=f"sha256://{SHA256}").models == Path("m")
    assert settings_from("--models", "m", "-d", "m/loras").models == Path("m")
    assert settings_from("--models", "m", "-o", "m/loras/x").models == Path("m")


def test_the_help_says_that_a_hard_link_shares_edits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "a hard link within the models root (an edit then changes both)" in text

"""The command line and the library have the same settings: one table, and no drift between its readers."""

from __future__ import annotations

from anymatix_fetcher.cli.commands.download_command import command
from anymatix_fetcher.engine.settings import DEFAULTS, Options

WITHOUT_OPTION = {"take_over", "length", "bounds", "remember"}
"""What ``--resume-with``, lock files, lists and measurements say."""
CALLED_OTHERWISE = {"cacert": "ca_file", "insecure": "verify_tls", "link": "links"}
NO_SETTING = {"references", "lists", "resume_with", "progress", "as_json", "quiet", "verbose", "version"}
"""What is fetched, and what is told of it."""


def test_every_setting_is_an_option_and_every_option_a_setting() -> None:
    options = {CALLED_OTHERWISE.get(one.name or "", one.name or "") for one in command.params}
    settings = set(DEFAULTS) | set(Options.__annotations__)
    assert settings - WITHOUT_OPTION - options == set()
    assert options - settings - NO_SETTING == set()

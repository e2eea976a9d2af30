"""How commands and their help are put together: options in groups, verbs that are imported when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from click.shell_completion import CompletionItem


DOWNLOAD = "download"
"""The command that is meant where no verb is named."""

HELP = "Help"
"""The last group of options: what click adds itself."""


class Misuse(click.UsageError):
    """Wrong usage, with a sentence on what to do instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Option(click.Option):
    """An option that belongs to a group of the help."""

    def __init__(self, *arguments: object, group: str = "Options", **settings: object) -> None:
        super().__init__(*arguments, **settings)  # type: ignore[arg-type] # click's own, passed through
        self.group = group


class Command(click.Command):
    """A command whose help groups its options and ends with sections of terms or lines.

    Args:
        sections: Headings with what stands below them: pairs of a term and its meaning, or whole lines.
    """

    def __init__(
        self,
        *arguments: object,
        sections: Mapping[str, Sequence[tuple[str, str] | str]] | None = None,
        **settings: object,
    ) -> None:
        super().__init__(*arguments, **settings)  # type: ignore[arg-type] # click's own, passed through
        self.sections = sections or {}

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The usage line, with the words that the user typed."""
        hidden = ctx.parent is not None and ctx.info_name == DOWNLOAD
        path = ctx.parent.command_path if hidden and ctx.parent else ctx.command_path
        formatter.write_usage(path, " ".join(self.collect_usage_pieces(ctx)))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options by group, in the order of their declaration, and the sections."""
        groups: dict[str, list[tuple[str, str]]] = {}
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        for option in options:
            record = option.get_help_record(ctx)
            if record is not None:
                groups.setdefault(getattr(option, "group", HELP), []).append(record)
        groups[HELP] = groups.pop(HELP)
        for heading, records in [*groups.items(), *self.sections.items()]:
            with formatter.section(heading):
                _write_section(formatter, records)


def _write_section(formatter: click.HelpFormatter, entries: Sequence[tuple[str, str] | str]) -> None:
    terms = [entry for entry in entries if not isinstance(entry, str)]
    if terms:
        formatter.write_dl(terms)
    for line in entries:
        if isinstance(line, str):
            formatter.write(f"{'':>{formatter.current_indent}}{line}\n" if line else "\n")


class Program(click.Group):
    """The whole program: the download itself, and verbs beside it.

    Args:
        name: The program's name.
        places: Where each command stands, as ``module:attribute``, by its name. A command is imported when it is
            used, so that ``--help`` doesn't wait for what it doesn't need.
    """

    def __init__(self, name: str, places: Mapping[str, str]) -> None:
        super().__init__(name, add_help_option=False, no_args_is_help=False)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The verbs, without the download, which has no name for users."""
        return [name for name in self._places if name != DOWNLOAD]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Imports the command."""
        if cmd_name not in self._places:
            return None
        module, _, attribute = self._places[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self._places[cmd_name]} is no command")
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Without a verb in the first place, everything is the download's."""
        completes_first_word = ctx.resilient_parsing and not args
        if not completes_first_word and (not args or args[0] not in self.list_commands(ctx)):
            args = [DOWNLOAD, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """At the first word: verbs and the download's options."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only shells that complete need it

        verbs = [CompletionItem(name) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        download = self.get_command(ctx, DOWNLOAD)
        return verbs + (download.shell_complete(ctx, incomplete) if download else [])

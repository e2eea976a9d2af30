"""The layout of help texts, with options in groups, and commands that are imported on use."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display.folding import folded_command, folded_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from click.shell_completion import CompletionItem


DOWNLOAD = "download"
"""The command that runs if no verb is given."""

HELP = "Help"
"""The last group of options, which click adds."""

EXAMPLES = "Examples"
"""The section that holds shell commands."""


_WORD = re.compile(r"[A-Za-z][A-Za-z-]*")
_DOWNLOADING = {"download", "fetch", "get", "pull", "install"}
_OTHER_WORDS = {"list": "ls", "remove": "rm", "delete": "rm", "check": "verify", "repair": "verify", "info": "inspect"}
"""Names that other programs give to the verbs."""


class Misuse(click.UsageError):
    """A usage error with a hint."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Option(click.Option):
    """An option with a group in the help text."""

    def __init__(self, *arguments: object, group: str = "Options", **settings: object) -> None:
        super().__init__(*arguments, **settings)  # type: ignore[arg-type] # click's own, passed through
        self.group = group


class Command(click.Command):
    """A command that can show the log; its help groups the options and ends with sections.

    Args:
        sections: Headings with their contents: pairs of a term and its meaning, or whole lines.
    """

    def __init__(
        self,
        *arguments: object,
        sections: Mapping[str, Sequence[tuple[str, str] | str]] | None = None,
        **settings: object,
    ) -> None:
        super().__init__(*arguments, **settings)  # type: ignore[arg-type] # click's own, passed through
        self.sections = sections or {}
        self.params.append(_verbose())

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command, with the log on stderr if the options ask for it."""
        if not ctx.obj.verbosity:
            return super().invoke(ctx)
        from anymatix_fetcher.cli.log import log_to_stderr  # noqa: PLC0415 - rarely needed

        with log_to_stderr(ctx.obj):
            return super().invoke(ctx)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the usage line with the words that the user typed."""
        hidden = ctx.parent is not None and ctx.info_name == DOWNLOAD
        path = ctx.parent.command_path if hidden and ctx.parent else ctx.command_path
        formatter.write_usage(path, " ".join(self.collect_usage_pieces(ctx)))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the options by group in their order of declaration, then the sections."""
        groups: dict[str, list[tuple[str, str]]] = {}
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        for option in options:
            record = option.get_help_record(ctx)
            if record is not None:
                groups.setdefault(getattr(option, "group", HELP), []).append(record)
        groups[HELP] = groups.pop(HELP)
        for heading, records in [*groups.items(), *self.sections.items()]:
            with formatter.section(heading):
                _write_section(formatter, records, fold=folded_command if heading == EXAMPLES else folded_text)


def _verbose() -> Option:
    """The option ``--verbose`` of every command, for bug reports."""

    def take(ctx: click.Context, _: click.Parameter, count: int) -> None:
        if ctx.obj is not None:
            ctx.obj.speak(count)

    return Option(
        ["-v", "--verbose"],
        group="Output",
        count=True,
        expose_value=False,
        callback=take,
        help="Show the library's log on stderr; give it twice for debug messages.",
    )


def _write_section(
    formatter: click.HelpFormatter, entries: Sequence[tuple[str, str] | str], fold: Callable[[str, int], list[str]]
) -> None:
    terms = [entry for entry in entries if not isinstance(entry, str)]
    if terms:
        formatter.write_dl(terms)
    indent = " " * formatter.current_indent
    for entry in entries:
        for line in (fold(entry, formatter.width - len(indent)) or [""]) if isinstance(entry, str) else ():
            formatter.write(f"{indent}{line}".rstrip() + "\n")


def _meant(word: str, verbs: Sequence[str]) -> str:
    """The hint for an unknown word."""
    from difflib import get_close_matches  # noqa: PLC0415 - needed for mistakes only

    if word in _DOWNLOADING:
        return "A download needs no verb: run `anyfetch REFERENCE`."
    near = [_OTHER_WORDS[word]] if word in _OTHER_WORDS else get_close_matches(word, verbs, n=1)
    return f"Did you mean {near[0]}?" if near else "Run `anyfetch --help` for a list of the verbs."


class Program(click.Group):
    """The whole program: the download command and the verbs beside it.

    Args:
        name: The program's name.
        places: The location of each command as ``module:attribute``, by name. A command is imported on use, so that
            ``--help`` doesn't wait for modules that it doesn't need.
    """

    def __init__(self, name: str, places: Mapping[str, str]) -> None:
        names = {"help_option_names": ["--help", "-h"]}
        super().__init__(name, add_help_option=False, no_args_is_help=False, context_settings=names)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The verbs. The download command has no name of its own."""
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
        """Without a verb in first position, all arguments belong to the download command."""
        completes_first_word = ctx.resilient_parsing and not args
        if not completes_first_word and (not args or args[0] not in self.list_commands(ctx)):
            args = [DOWNLOAD, *args]
        return super().parse_args(ctx, args)

    def refuse_words(self, words: Sequence[str]) -> None:
        """Refuses references that are verbs or misspelt verbs.

        Raises:
            Misuse: There is such a word.
        """
        verbs = [name for name in self._places if name != DOWNLOAD]
        for word in words:
            if word in verbs:
                raise Misuse(
                    f"{word!r} is a verb and has to come first",
                    f"Put the options after it; see `anyfetch {word} --help`.",
                )
        if words and _WORD.fullmatch(words[0]):
            raise Misuse(f"{words[0]!r} is neither a verb nor a reference", _meant(words[0].lower(), verbs))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Completes the first word to verbs and the download command's options."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only shells that complete need it

        verbs = [CompletionItem(name) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        download = self.get_command(ctx, DOWNLOAD)
        return verbs + (download.shell_complete(ctx, incomplete) if download else [])

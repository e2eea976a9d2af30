"""Parses the command line of ``aria2c``, for programs that run it as a helper. Pure.

Every option of aria2 is accepted; those without a meaning here are ignored by the callers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.serve.aria2.option_table import DOWNLOAD_DEFAULTS, GLOBAL_DEFAULTS, KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SHORT = {
    "a": "file-allocation",
    "c": "continue",
    "d": "dir",
    "D": "daemon",
    "h": "help",
    "i": "input-file",
    "j": "max-concurrent-downloads",
    "k": "min-split-size",
    "l": "log",
    "m": "max-tries",
    "M": "metalink-file",
    "n": "no-netrc",
    "o": "out",
    "O": "index-out",
    "p": "ftp-pasv",
    "P": "parameterized-uri",
    "q": "quiet",
    "R": "remote-time",
    "s": "split",
    "S": "show-files",
    "t": "timeout",
    "T": "torrent-file",
    "u": "max-upload-limit",
    "U": "user-agent",
    "v": "version",
    "V": "check-integrity",
    "x": "max-connection-per-server",
    "Z": "force-sequential",
}
_SWITCHES = frozenset(
    {
        *(name for name, value in {**DOWNLOAD_DEFAULTS, **GLOBAL_DEFAULTS}.items() if value in {"true", "false"}),
        *("pause", "force-sequential", "select-least-used-host", "no-want-digest-header", "help", "version"),
    }
)
"""Options with an optional value, which has to follow a ``=``."""
_CUMULATIVE = frozenset({"header", "index-out", "bt-tracker", "bt-exclude-tracker"})


@dataclass(frozen=True, slots=True)
class Aria2CommandLine:
    """A parsed command line.

    Args:
        options: The options by name, without dashes; a switch without a value is "true".
        uris: The URIs to download.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    uris: tuple[str, ...] = ()

    def is_set(self, name: str) -> bool:
        """Whether a switch is "true"."""
        return self.options.get(name) == "true"


def parse_command_line(arguments: Sequence[str]) -> Aria2CommandLine:
    """Parses the arguments as ``getopt_long`` does for aria2c."""
    options: dict[str, str] = {}
    uris: list[str] = []
    rest = list(reversed(arguments))
    while rest:
        argument = rest.pop()
        if argument == "--":
            uris += reversed(rest)
            break
        if argument.startswith("--"):
            name, separator, value = argument[2:].partition("=")
            name = _whole(name)
            _put(options, name, value if separator else _value(name, rest))
        elif argument.startswith("-") and len(argument) > 1:
            _short(argument[1:], rest, options)
        else:
            uris.append(argument)
    return Aria2CommandLine(options, tuple(uris))


def _short(letters: str, rest: list[str], options: dict[str, str]) -> None:
    """Parses the short options of one argument: switches, then at most one option with a value."""
    while letters:
        name, letters = _SHORT.get(letters[0], letters[0]), letters[1:]
        if name in _SWITCHES:
            _put(options, name, "true")
            continue
        _put(options, name, letters or _value(name, rest))
        return


def _whole(name: str) -> str:
    """The option that a name selects: exactly, or as an unambiguous prefix."""
    if name in KNOWN | _SWITCHES:
        return name
    found = [known for known in KNOWN | _SWITCHES if known.startswith(name)]
    return found[0] if len(found) == 1 else name


def _value(name: str, rest: list[str]) -> str:
    """The value of an option without ``=``: the next argument, unless that can't be a value."""
    if name in _SWITCHES or not rest:
        return "true"
    is_known = name in KNOWN
    return rest.pop() if is_known or not (rest[-1].startswith("-") or "://" in rest[-1]) else "true"


def _put(options: dict[str, str], name: str, value: str) -> None:
    if name in _CUMULATIVE and name in options:
        options[name] += f"\n{value}"
    else:
        options[name] = value


def parse_configuration(text: str) -> dict[str, str]:
    """The options of a configuration file: ``name=value`` lines, and comments."""
    options: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            _put(options, name.strip().removeprefix("--"), value.strip())
    return options


def parse_input_file(lines: Iterable[str]) -> list[Aria2CommandLine]:
    """The downloads of an input or session file: one line of URIs for each file, followed by indented options."""
    found: list[tuple[list[str], dict[str, str]]] = []
    for line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if line[0] in " \t":
            name, _, value = text.partition("=")
            if found:
                _put(found[-1][1], name.strip(), value.strip())
        else:
            found.append((text.split("\t"), {}))
    return [Aria2CommandLine(options, tuple(uris)) for uris, options in found]

"""aria2c's command line."""

from __future__ import annotations

import pytest

from anymatix_fetcher.serve.aria2.command_line import parse_command_line, parse_configuration, parse_input_file

LORA_MANAGER = """--enable-rpc=true --rpc-listen-all=false --rpc-listen-port=16800 --rpc-secret=hush
--check-certificate=true --ca-certificate=/etc/ca.pem --allow-overwrite=true --auto-file-renaming=false
--file-allocation=none --max-concurrent-downloads=5 --continue=true --daemon=false --quiet=true
--stop-with-process=4711"""


def test_the_command_line_of_a_program_that_starts_it_as_its_helper() -> None:
    found = parse_command_line(LORA_MANAGER.split())
    assert found.options["rpc-secret"] == "hush"
    assert found.options["stop-with-process"] == "4711"
    assert (found.is_set("enable-rpc"), found.is_set("rpc-listen-all"), found.uris) == (True, False, ())


@pytest.mark.parametrize(
    ("arguments", "options", "uris"),
    [
        (["-x16", "-s", "8", "https://h.example/a"], {"max-connection-per-server": "16", "split": "8"}, 1),
        (["-c", "https://h.example/a"], {"continue": "true"}, 1),
        (["-cqd", "/data", "https://h.example/a"], {"continue": "true", "quiet": "true", "dir": "/data"}, 1),
        (["--continue", "https://h.example/a"], {"continue": "true"}, 1),
        (["--enable-rpc", "--rpc-listen-port", "7000"], {"enable-rpc": "true", "rpc-listen-port": "7000"}, 0),
        (["--dir=/data/a=b"], {"dir": "/data/a=b"}, 0),
        (["--header=A: 1", "--header", "B: 2"], {"header": "A: 1\nB: 2"}, 0),
        (["--max-con=4"], {"max-con": "4"}, 0),
        (["--max-connection=4"], {"max-connection-per-server": "4"}, 0),
        (["--out", "--strange"], {"out": "--strange"}, 0),
        (["--unknown", "value", "https://h.example/a"], {"unknown": "value"}, 1),
        (["--unknown", "https://h.example/a"], {"unknown": "true"}, 1),
        (["--unknown", "--quiet"], {"unknown": "true", "quiet": "true"}, 0),
        (["--split"], {"split": "true"}, 0),
        (["--", "-x", "--y"], {}, 2),
        (["-"], {}, 1),
        ([], {}, 0),
    ],
)
def test_options_are_read_as_getopt_reads_them(arguments: list[str], options: dict[str, str], uris: int) -> None:
    found = parse_command_line(arguments)
    assert (found.options, len(found.uris)) == (options, uris)


def test_a_configuration_file() -> None:
    assert parse_configuration("# a comment\n\ndir = /data \nheader=A: 1\nheader=B: 2\n#split=3\nnonsense\n") == {
        "dir": "/data",
        "header": "A: 1\nB: 2",
    }


def test_a_list_of_downloads_with_options() -> None:
    one = ["https://a.example/x\thttps://b.example/x", " out=x.bin", "  header=A: 1", "\theader=B: 2"]
    first, second = parse_input_file(["  lost=1\n", *one, "# no", "", "https://c.example/y\n"])
    assert first.uris == ("https://a.example/x", "https://b.example/x")
    assert first.options == {"out": "x.bin", "header": "A: 1\nB: 2"}
    assert (second.uris, second.options) == (("https://c.example/y",), {})

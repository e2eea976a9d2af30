from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.expansion import ListKind, expand, kind_of

HEX = "ab" * 32
LIST = f"hf:o/r/x.bin https://m.example/x sha256:{HEX} -> y.bin\n dir=loras\nhttps://h.example/z\n".encode()
METALINK = f"""<?xml version="1.0"?><metalink xmlns="urn:ietf:params:xml:ns:metalink">
<file name="loras/y.bin"><hash type="sha-256">{HEX}</hash>
<url priority="2">http://m.example/x</url><url priority="1">https://h.example/x?sig=SECRET</url></file></metalink>""".encode()


def test_a_list_asks_for_references_with_mirrors() -> None:
    first, second = expand(LIST, ListKind.LIST)
    assert (first.reference, [str(url) for url in first.mirrors]) == ("hf:o/r/x.bin", ["https://m.example/x"])
    assert (first.name, first.folder, first.digests) == ("y.bin", "loras", (Digest("sha256", HEX),))
    assert (second.reference, second.mirrors, second.name) == ("https://h.example/z", (), None)
    assert expand(b"", ListKind.LIST) == ()


def test_a_metalink_asks_for_its_best_place_and_the_others_are_mirrors() -> None:
    (entry,) = expand(METALINK, ListKind.METALINK)
    assert (entry.reference, [str(url) for url in entry.mirrors]) == (
        "https://h.example/x?sig=SECRET",
        ["http://m.example/x"],
    )
    assert (entry.name, entry.folder, entry.digests) == ("y.bin", "loras", (Digest("sha256", HEX),))
    assert "SECRET" not in f"{entry}"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        *(("-", METALINK, ListKind.METALINK), ("-", LIST, ListKind.LIST), ("x.META4", b"", ListKind.METALINK)),
        *(
            ("x.metalink", LIST, ListKind.METALINK),
            ("x.txt", b"\xef\xbb\xbf \n<metalink", ListKind.METALINK),
            ("-", b"", ListKind.LIST),
        ),
    ],
)
def test_the_name_or_the_first_character_tells_what_a_file_is(name: str, content: bytes, kind: ListKind) -> None:
    assert kind_of(name, content) is kind


def test_what_cant_be_read_is_said_to_be_so() -> None:
    with pytest.raises(ReferenceSyntaxError, match="Metalink"):
        expand(LIST, ListKind.METALINK)
    with pytest.raises(ReferenceSyntaxError, match="line 2 of the list"):
        expand(b"https://h.example/a\nhttps://h.example/b hf:o/r/SECRET\n", ListKind.LIST)

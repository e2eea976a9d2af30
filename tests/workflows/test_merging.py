from __future__ import annotations

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.workflows.merging import merged
from anymatix_fetcher.workflows.needs import Conflict, Need, NodeName

ONE, TWO = Url.parse("https://h.example/1"), Url.parse("https://h.example/2")
A, B = NodeName("1", "A"), NodeName("2", "B")
SHA256, OTHER, MD5 = Digest("sha256", "0" * 64), Digest("sha256", "1" * 64), Digest("md5", "0" * 32)


def need(url: Url | None = ONE, *nodes: NodeName, name: str | None = "m", digest: Digest | None = None) -> Need:
    return Need(name, url, "vae", digest, nodes)


def test_the_same_need_of_several_nodes_is_one() -> None:
    assert merged([need(ONE, A), need(ONE, B), need(ONE, A)]) == ((need(ONE, A, B),), (), ())


def test_a_digest_that_one_states_holds_for_all_and_the_strongest_is_kept() -> None:
    assert merged([need(), need(digest=MD5), need(digest=SHA256)]) == ((need(digest=SHA256),), (), ())


def test_the_same_file_as_a_download_and_not_is_one() -> None:
    download = Url.parse("https://h.example/1?download=true")
    assert merged([need(download, A), need(ONE, B)]) == ((need(download, A, B),), (), ())


def test_two_addresses_for_one_place_are_a_conflict() -> None:
    both = (need(ONE), need(TWO))
    assert merged(both) == (both, (), (Conflict("vae", "m", both),))


def test_two_digests_for_one_address_are_a_conflict() -> None:
    both = (need(ONE, A, B, digest=SHA256), need(digest=OTHER))
    assert merged([need(ONE, A), need(digest=SHA256), need(digest=OTHER), need(ONE, B)])[0] == (
        need(ONE, A, B, digest=SHA256),
        need(digest=OTHER),
    )
    assert merged(both)[2] == (Conflict("vae", "m", both),)


def test_what_is_named_alone_belongs_to_what_has_an_address() -> None:
    assert merged([need(None, A), need(ONE, B)]) == ((need(ONE, B, A),), (), ())
    assert merged([need(None, A), need(None, B)]) == ((), (need(None, A, B),), ())


def test_files_that_the_server_names_have_no_place_in_common() -> None:
    both = (need(ONE, name=None), need(TWO, name=None))
    by_digest = need(None, name=None, digest=SHA256)
    assert merged([*both, by_digest]) == (both, (by_digest,), ())

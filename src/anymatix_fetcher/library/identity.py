"""The identity of a reference, independent of tokens, signatures and passwords."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

from anymatix_fetcher.core.answers.secrecy import credential_names, name_of, parts_of

UNNAMED = "unnamed:"


def base_reference(reference: str) -> str:
    """The reference without fragment, userinfo, and the parameters that hold tokens and signatures.

    Parameters that may hold a secret or select a file (``?key=``, ``?id=``) are kept, because two files must never be
    confused. Therefore the result mustn't be stored; use :func:`~anymatix_fetcher.core.answers.secrecy.recordable` for
    that.
    """
    parts = parts_of(reference)
    dropped = credential_names(parts.parameters)
    return parts.with_parameters([text for text in parts.parameters if name_of(text).lower() not in dropped])


@lru_cache(maxsize=256)
def identity(reference: str) -> str:
    """The SHA-256, in hex, of the base reference: the same with every token."""
    return _hash(base_reference(reference))


def unnamed(reference: str) -> str:
    """The key for a reference without a file name chosen by the caller.

    A file recorded under this key is found again when the same is requested.
    """
    return f"{UNNAMED}{identity(reference)}"


def part_of(reference: str) -> str:
    """An identity for files of a reference that names several, which alone identifies no file."""
    return _hash(f"part of {base_reference(reference)}")


def left_by_first_fetcher(reference: str, auth: str = "") -> tuple[str, ...]:
    """The hashes that the first AnymatixFetcher may have used as names: of the effective URL, then of the base.

    Args:
        reference: The URL, with or without a token in its query.
        auth: The ``token=...`` that was passed to that fetcher, which adds it to the query and encodes it again.
    """
    reference = reference.partition("#")[0]
    bare = base_reference(reference)
    urls = [effective_url(reference, auth)] if auth else []
    urls += [effective_url(bare, auth)] if auth else []
    urls += [reference, effective_url(reference, ""), bare, effective_url(bare, "")]
    return tuple(dict.fromkeys(map(_hash, urls)))


def effective_url(url: str, auth: str) -> str:
    """The URL as the first fetcher writes it, with ``auth`` added to the query."""
    place, mark, query = url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True) + parse_qsl(auth, keep_blank_values=True)
    return f"{place}?{urlencode(pairs)}" if pairs else place + mark.replace("?", "")


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

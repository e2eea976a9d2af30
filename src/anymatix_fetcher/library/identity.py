"""The identity of a reference, independent of tokens, signatures and passwords."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

from anymatix_fetcher.core.answers.secrecy import credential_names, name_of, parts_of

UNNAMED = "unnamed:"


def base_reference(reference: str) -> str:
    """The reference without fragment, userinfo, and the parameters that hold tokens and signatures; else unchanged.

    What may be a secret by its name, but may say as well which file it is (``?key=``, ``?id=``), stays: two files must
    never pass for one. So this isn't fit to be written; :func:`~anymatix_fetcher.core.answers.secrecy.recordable` is.
    """
    parts = parts_of(reference)
    dropped = credential_names(parts.parameters)
    return parts.with_parameters([text for text in parts.parameters if name_of(text).lower() not in dropped])


@lru_cache(maxsize=256)
def identity(reference: str) -> str:
    """The SHA-256, in hex, of the base reference: one and the same with any token, and with none."""
    return _hash(base_reference(reference))


def unnamed(reference: str) -> str:
    """The key for a reference without a file name chosen by the caller.

    A file recorded under this key is found again when the same is requested.
    """
    return f"{UNNAMED}{identity(reference)}"


def part_of(reference: str) -> str:
    """What stands for a reference that names several files, beside each of these: no file is meant by it alone."""
    return _hash(f"part of {base_reference(reference)}")


def left_by_first_fetcher(reference: str, auth: str = "") -> tuple[str, ...]:
    """The hashes under which the first AnymatixFetcher may have kept it: of the effective URL first, then of the base.

    Args:
        reference: The URL, with or without a token in its query.
        auth: What that fetcher was given besides, as ``token=...``: it adds this to the query, encoded anew.
    """
    reference = reference.partition("#")[0]
    bare = base_reference(reference)
    urls = [effective_url(reference, auth)] if auth else []
    urls += [effective_url(bare, auth)] if auth else []
    urls += [reference, effective_url(reference, ""), bare, effective_url(bare, "")]
    return tuple(dict.fromkeys(map(_hash, urls)))


def effective_url(url: str, auth: str) -> str:
    """The URL as the first fetcher writes it when it has put ``auth`` at the end of the query."""
    place, mark, query = url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True) + parse_qsl(auth, keep_blank_values=True)
    return f"{place}?{urlencode(pairs)}" if pairs else place + mark.replace("?", "")


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

"""Signed URLs that expire, as issued by object stores: the method, the path and the deadline are signed."""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import parse_qsl, urlencode

Verdict = Literal["valid", "missing", "mismatch", "expired"]
"""The result of a signature check; only ``valid`` gives access."""

SignedForm = Literal["s3", "opaque"]
"""Whether the URL states its expiry in S3's fields, or contains an opaque token."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes and checks signatures with one secret key."""

    key: bytes = field(repr=False)

    def query(self, method: str, path: str, *, now: float, ttl_seconds: float, form: SignedForm = "s3") -> str:
        """The query that allows ``method`` on ``path`` until ``now + ttl_seconds`` (seconds since 1970)."""
        deadline = round((now + ttl_seconds) * 1000)
        signature = self._signature(method, path, deadline)
        if form == "opaque":
            return urlencode({"token": f"{deadline:x}.{signature}"})
        return urlencode(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Date": datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ"),
                "X-Amz-Expires": str(math.ceil(ttl_seconds)),
                "X-Amz-SignedHeaders": "host",
                "x-deadline": f"{deadline:x}",
                "X-Amz-Signature": signature,
            }
        )

    def check(self, method: str, path: str, query: str, *, now: float) -> Verdict:
        """Checks the query for this method and path at the time ``now``."""
        fields = dict(parse_qsl(query))
        deadline_text, signature = fields.get("x-deadline"), fields.get("X-Amz-Signature")
        if "token" in fields:
            deadline_text, _, signature = fields["token"].partition(".")
        if not deadline_text or not signature:
            return "missing"
        try:
            deadline = int(deadline_text, 16)
        except ValueError:
            return "mismatch"
        if not hmac.compare_digest(self._signature(method, path, deadline).encode(), signature.encode()):
            return "mismatch"
        return "expired" if now * 1000 > deadline else "valid"

    def _signature(self, method: str, path: str, deadline: int) -> str:
        return hmac.new(self.key, f"{method}\n{path}\n{deadline}".encode(), hashlib.sha256).hexdigest()


def error_document(code: str, message: str) -> str:
    """The body that an S3-like store sends with an error."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'

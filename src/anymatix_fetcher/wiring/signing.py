"""Signs S3 URLs with botocore (the extra ``s3``) and the credentials that it finds.

botocore makes only the URL. The object is requested over our own connections. It is imported on first use.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import AccessDeniedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.credentials import ReadOnlyCredentials

    from anymatix_fetcher.core.values.http import Headers

LIFE_SECONDS = 3600
"""The lifetime of a signature; afterwards a new one is made."""


class Signer:
    """Signs with the user's credentials; implements :class:`~anymatix_fetcher.sources.base.Sign`.

    Args:
        variables: The environment variables.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __call__(self, url: Url, headers: Headers, region: str) -> Url:
        """Signature version 4 in the query.

        https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

        Raises:
            AccessDeniedError: botocore isn't installed, or finds no credentials.
        """
        try:
            from botocore.auth import S3SigV4QueryAuth  # noqa: PLC0415 - an extra, and slow to import
            from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        except ImportError:
            raise AccessDeniedError(
                f"{url.host} requires signed requests, but botocore, which signs them, can't be imported",
                hint="Install it with `pip install 'anymatix-fetcher[s3]'`.",
            ) from None
        request = AWSRequest(method="GET", url=url.reveal(), headers=dict(headers.fields))
        S3SigV4QueryAuth(self._credentials(), "s3", region, expires=LIFE_SECONDS).add_auth(request)
        return Url.parse(str(request.url))

    def _credentials(self) -> ReadOnlyCredentials:
        """The credentials from the variables or from the profile, refreshed if they expire.

        Raises:
            AccessDeniedError: There are none.
        """
        from botocore.credentials import ReadOnlyCredentials  # noqa: PLC0415 - as above
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415
        from botocore.session import Session  # noqa: PLC0415

        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        key, secret, token = (self._variables.get(name, "").strip() for name in names)
        if key and secret:
            return ReadOnlyCredentials(key, secret, token or None)
        session = Session(profile=self._variables.get("AWS_PROFILE") or None)
        try:
            # The instance role would be looked up over the network, without any sign that there is one.
            session.get_component("credential_provider").remove("iam-role")
            found = session.get_credentials()
            if found is not None:
                return found.get_frozen_credentials()
        except BotoCoreError as error:
            raise AccessDeniedError(
                f"the credentials for S3 can't be used: {type(error).__name__}",
                hint="Check AWS_PROFILE and its configuration file.",
            ) from None
        raise AccessDeniedError(
            "there are no credentials for S3", hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
        )


def signer(variables: Mapping[str, str], home: Path | None = None) -> Signer | None:
    """The signer for S3; ``None`` if neither a variable nor a file provides credentials."""
    path = variables.get("AWS_SHARED_CREDENTIALS_FILE") or (home or Path.home()) / ".aws" / "credentials"
    named = variables.get("AWS_ACCESS_KEY_ID") or variables.get("AWS_PROFILE")
    return Signer(variables) if named or Path(path).expanduser().is_file() else None

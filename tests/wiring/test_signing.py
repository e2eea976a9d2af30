from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from botocore.config import Config
from botocore.session import Session

from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import AccessDeniedError, ReferenceSyntaxError
from anymatix_fetcher.sources.stores import CHECKSUMS, ObjectReference, address
from anymatix_fetcher.wiring.environment import environment
from anymatix_fetcher.wiring.signing import LIFE_SECONDS, signer

if TYPE_CHECKING:
    from pathlib import Path

KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/SECRET", "session+SECRET"
VARIABLES = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
URL = Url.parse("https://models.s3.eu-west-1.amazonaws.com/a%20b/%2Bc~.bin")


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*VARIABLES, "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


def test_an_address_is_signed_as_botocores_own_client_does() -> None:
    sign = signer(VARIABLES)
    assert sign is not None
    session = Session()
    session.set_credentials(KEY, SECRET, TOKEN)
    client = session.create_client(
        "s3",
        region_name="eu-west-1",
        endpoint_url="https://s3.eu-west-1.amazonaws.com",
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    wanted = {"Bucket": "models", "Key": "a b/+c~.bin", "ChecksumMode": "ENABLED"}
    pairs = [
        (sign(URL, CHECKSUMS, "eu-west-1").reveal(), client.generate_presigned_url("get_object", wanted, LIFE_SECONDS))
        for _ in range(3)
    ]
    assert any(ours == theirs for ours, theirs in pairs), "unless the second ends in between"
    assert all("X-Amz-SignedHeaders=host%3Bx-amz-checksum-mode&" in ours for ours, _ in pairs)


def test_the_address_is_the_one_that_the_source_makes() -> None:
    found = ObjectReference("s3", "models", "a b/+c~.bin")
    assert address(found, environment({}), "eu-west-1") == URL


def test_the_signature_is_never_shown() -> None:
    sign = signer(VARIABLES)
    assert sign is not None
    signed = sign(URL, Headers(), "eu-west-1")
    assert dict(signed.parameters)["X-Amz-Security-Token"] == TOKEN
    assert str(signed) == f"{URL}?..."


def test_credentials_of_a_profile_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text(f"[work]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n", encoding="utf-8")
    monkeypatch.setenv("AWS_PROFILE", "work")
    sign = signer({"AWS_PROFILE": "work"}, tmp_path)
    assert sign is not None
    assert dict(sign(URL, Headers(), "eu-west-1").parameters)["X-Amz-Credential"].startswith(f"{KEY}/")
    assert signer({"AWS_SHARED_CREDENTIALS_FILE": str(path)}, tmp_path) is not None


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"AWS_PROFILE": "missing"}, "can't be used: ProfileNotFound"),
        ({"AWS_ACCESS_KEY_ID": KEY}, "there are no credentials"),
    ],
)
def test_credentials_that_arent_there_are_missed_when_something_is_signed(
    variables: dict[str, str], message: str, tmp_path: Path
) -> None:
    sign = signer(variables, tmp_path)
    assert sign is not None
    with pytest.raises(AccessDeniedError, match=message) as refusal:
        sign(URL, Headers(), "eu-west-1")
    assert "AWS_PROFILE" in refusal.value.hint


def test_without_botocore_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.auth", None)
    sign = signer(VARIABLES)
    assert sign is not None
    with pytest.raises(AccessDeniedError, match=r"models\.s3\.eu-west-1\.amazonaws\.com requires signed") as refusal:
        sign(URL, Headers(), "eu-west-1")
    assert "pip install 'anymatix-fetcher[s3]'" in refusal.value.hint


def test_the_surroundings_say_who_signs_and_where(tmp_path: Path) -> None:
    assert environment({}, tmp_path).sign is None
    found = environment(
        {**VARIABLES, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9/"}, tmp_path
    )
    assert found.sign is not None
    assert (found.region, str(found.endpoints["s3"])) == ("eu-west-1", "http://127.0.0.1:9")
    both = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_S3": "nowhere", "AWS_REGION": "x"}
    with pytest.raises(ReferenceSyntaxError, match="AWS_ENDPOINT_URL_S3 isn't a URL"):
        environment(both, tmp_path)

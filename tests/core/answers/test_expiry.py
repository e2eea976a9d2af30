from __future__ import annotations

import base64
import json
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.answers.expiry import Expiry, Scheme, expiry_of, is_signed
from anymatix_fetcher.core.values.urls import Url


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> float:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()


def signed(query: str, host: str = "h.example") -> Url:
    return Url.parse(f"https://{host}/path/m.safetensors?{query}")


def base64url(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def jwt(claims: object) -> str:
    return f"{base64url({'alg': 'HS256', 'typ': 'JWT'})}.{base64url(claims)}.AbC-_9"


def policy(document: object) -> str:
    encoded = base64.b64encode(json.dumps(document).encode()).decode()
    return encoded.translate(str.maketrans("+=/", "-_~"))


def until(stop: object, start: object = None) -> dict[str, object]:
    condition: dict[str, object] = {"DateLessThan": {"AWS:EpochTime": stop}}
    if start is not None:
        condition["DateGreaterThan"] = {"AWS:EpochTime": start}
    return {"Statement": [{"Resource": "https://cdn.example/*?b>c", "Condition": condition}]}


ISSUED = at(2026, 8, 1, 12)
ASSET = "sp=r&sv=2018-11-09&sr=b&spr=https&rscd=attachment%3B+filename%3Dm.zip&skoid=1&sktid=2&sks=b&skv=1&sig=a%2Bb%3D"
BACKBLAZE = "3_20260801120735_5f1cd0_004_20260801130735_0042_dnld"

GRAMMARS = {
    "AWS, as R2 behind Civitai writes it": (
        (
            "X-Amz-Expires=86400&response-content-disposition=attachment%3B%20filename%3D%22m.safetensors%22"
            "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2F20260801%2Fus-east-1%2Fs3%2Faws4_request"
            "&X-Amz-Date=20260801T120000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00ff"
        ),
        Expiry(Scheme.AWS_V4, ISSUED + 86_400, ISSUED, binds_method=True),
    ),
    "AWS, in lower case, with a signed range": (
        "x-amz-date=20260801T120000Z&x-amz-expires=2&x-amz-signedheaders=host%3Brange&x-amz-signature=0",
        Expiry(Scheme.AWS_V4, ISSUED + 2, ISSUED, signs_range=True, binds_method=True),
    ),
    "AWS, the older version": (
        "AWSAccessKeyId=AK&Signature=a%2Bb%3D&Expires=1785585600",
        Expiry(Scheme.AWS_V2, 1_785_585_600, binds_method=True),
    ),
    "CloudFront with a deadline": (
        "Expires=1785585600&Signature=ab~-_&Key-Pair-Id=K1",
        Expiry(Scheme.CLOUDFRONT, 1_785_585_600),
    ),
    "CloudFront with a policy": (
        f"Policy={policy(until(1_785_585_600, 1_785_582_000))}&Signature=ab&Key-Pair-Id=K1",
        Expiry(Scheme.CLOUDFRONT, 1_785_585_600, 1_785_582_000),
    ),
    "CloudFront with both, as Hugging Face writes it": (
        (
            "X-Xet-Cas-Uid=public&response-content-disposition=inline%3B+filename%3D%22m%22%3B"
            f"&Expires=1785585600&Policy={policy(until(1_785_585_500))}&Signature=ab&Key-Pair-Id=K1"
        ),
        Expiry(Scheme.CLOUDFRONT, 1_785_585_500),
    ),
    "AWS and CloudFront at once, CloudFront first": (
        (
            "X-Amz-Date=20260801T120000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
            f"&Expires={ISSUED + 3000:.0f}&Signature=ab&Key-Pair-Id=K1"
        ),
        Expiry(Scheme.CLOUDFRONT, ISSUED + 3000, ISSUED, binds_method=True),
    ),
    "AWS and CloudFront at once, AWS first": (
        (
            "X-Amz-Date=20260801T120000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
            f"&Expires={ISSUED + 4000:.0f}&Signature=ab&Key-Pair-Id=K1"
        ),
        Expiry(Scheme.AWS_V4, ISSUED + 3600, ISSUED, binds_method=True),
    ),
    "Google": (
        (
            "X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=c&X-Goog-Date=20260801T120000Z&X-Goog-Expires=900"
            "&X-Goog-SignedHeaders=host&X-Goog-Signature=0"
        ),
        Expiry(Scheme.GOOGLE_V4, ISSUED + 900, ISSUED, binds_method=True),
    ),
    "Google, the older version": (
        "GoogleAccessId=a%40b.iam.gserviceaccount.com&Expires=1785585600&Signature=x",
        Expiry(Scheme.GOOGLE_V2, 1_785_585_600, binds_method=True),
    ),
    "Azure": (
        "sv=2022-11-02&st=2026-08-01T11%3A45%3A00Z&se=2026-08-01T13%3A00%3A00Z&sr=b&sp=r&sig=a%2Bb",
        Expiry(Scheme.AZURE, at(2026, 8, 1, 13), at(2026, 8, 1, 11, 45)),
    ),
    "Azure without seconds": ("se=2026-08-01T13:00Z&sig=a", Expiry(Scheme.AZURE, at(2026, 8, 1, 13))),
    "Azure with a day only": ("se=2026-08-02&sig=a", Expiry(Scheme.AZURE, at(2026, 8, 2))),
    "Azure with a fraction": ("se=2026-08-01T13:00:01.1234567Z&sig=a", Expiry(Scheme.AZURE, at(2026, 8, 1, 13, 0, 1))),
    "Azure with a delegated key that ends before": (
        "se=2026-08-01T13:00:00Z&ske=2026-08-01T12:30:00Z&sig=a",
        Expiry(Scheme.AZURE, at(2026, 8, 1, 12, 30)),
    ),
    "GitHub: the token ends before the signature": (
        (
            f"{ASSET}&se=2026-08-01T13%3A00%3A00Z&ske=2026-08-01T14%3A00%3A00Z"
            f"&jwt={jwt({'iss': 'github.com', 'exp': ISSUED + 300, 'nbf': ISSUED})}"
        ),
        Expiry(Scheme.JWT, ISSUED + 300, ISSUED),
    ),
    "GitHub: the token can't be read": (
        f"{ASSET}&se=2026-08-01T13%3A00%3A00Z&jwt=eyJh.b.c",
        Expiry(Scheme.AZURE, at(2026, 8, 1, 13)),
    ),
    "Backblaze": (
        f"Authorization={BACKBLAZE}&b2ContentDisposition=attachment",
        Expiry(Scheme.BACKBLAZE, at(2026, 8, 1, 13, 7, 35), at(2026, 8, 1, 12, 7, 35)),
    ),
    "Alibaba, as ModelScope uses it": (
        "Expires=1785585600&OSSAccessKeyId=LT&Signature=x%3D&security-token=t",
        Expiry(Scheme.ALIYUN_V1, 1_785_585_600, binds_method=True),
    ),
    "Alibaba, the newer version": (
        (
            "x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-date=20260801T120000Z&x-oss-expires=3600"
            "&x-oss-credential=c&x-oss-additional-headers=host;range&x-oss-signature=0"
        ),
        Expiry(Scheme.ALIYUN_V4, ISSUED + 3600, ISSUED, signs_range=True, binds_method=True),
    ),
    "Tencent": (
        (
            "q-sign-algorithm=sha1&q-ak=AK&q-sign-time=1785582000%3B1785585600&q-key-time=1785582000;1785585000"
            "&q-header-list=host&q-url-param-list=&q-signature=0"
        ),
        Expiry(Scheme.TENCENT, 1_785_585_000, 1_785_582_000, binds_method=True),
    ),
    "Huawei": (
        "AccessKeyId=AK&Expires=1785585600&Signature=x",
        Expiry(Scheme.HUAWEI, 1_785_585_600, binds_method=True),
    ),
    "a web token under any name": (
        f"access={jwt({'exp': 1_785_585_600.5, 'iat': 1_785_582_000})}",
        Expiry(Scheme.JWT, 1_785_585_600.5, 1_785_582_000),
    ),
    "Bunny": ("token=abc&expires=1785585600", Expiry(Scheme.OTHER, 1_785_585_600)),
    "nginx": ("md5=abc&expires=1785585600", Expiry(Scheme.OTHER, 1_785_585_600)),
}


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_every_grammar_tells_its_deadline(grammar: str) -> None:
    query, expected = GRAMMARS[grammar]
    assert expiry_of(signed(query)) == expected
    assert is_signed(signed(query))


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_whatever_is_cut_off_a_grammar_is_no_error(grammar: str) -> None:
    query, _ = GRAMMARS[grammar]
    for stop in range(len(query)):
        expiry_of(signed(query[:stop]))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "download=true",
        "token=abc",
        "type=Model&format=SafeTensor",
        "expires=1785585600",
        "exp=1785585600",
        "expires=never&token=abc",
        "expires=1&token=abc",
        "expires=99999999999&token=",
        "X-Amz-Date=20260801T120000Z&X-Amz-Expires=60",
        "X-Amz-Date=20261301T120000Z&X-Amz-Expires=60&X-Amz-Credential=c",
        "se=2026-08-01T13:00:00Z",
        "Authorization=Bearer%20x",
        "Authorization=3_20260801120735_a_004_20261301130735_0042_dnld",
        f"access=a.{base64url({'exp': 1_785_585_600})}.c",
        f"access={base64url({'typ': 'JWT'})}.{base64url({'exp': 1_785_585_600})}.c",
        f"access={jwt({'exp': 'soon'})}",
        f"access={jwt({'exp': 1e400})}",
        f"access={jwt([])}",
    ],
)
def test_what_isnt_signed_has_no_deadline(query: str) -> None:
    assert expiry_of(signed(query)) is None
    assert not is_signed(signed(query))


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Date=20261301T120000Z&X-Amz-Expires=60&X-Amz-Signature=0",
        "X-Amz-Date=20260801T120000Z&X-Amz-Expires=-60&X-Amz-Signature=0",
        "X-Amz-Date=now&X-Amz-Expires=60&X-Amz-Signature=0",
        "x-goog-signature=0",
        "se=tomorrow&sig=a",
        "se=2026-02-30&sig=a",
        "se=0001-01-01&sig=a",
        "si=stored-policy&sig=a",
        "q-sign-time=1;2&q-signature=0",
        "auth_key=1785585600-5f3c-0-0123456789abcdef0123456789abcdef",
        "Policy=!!!&Signature=a&Key-Pair-Id=K",
        f"Policy={policy({'Statement': []})}&Signature=a&Key-Pair-Id=K",
        f"Policy={policy(until('soon'))}&Signature=a&Key-Pair-Id=K",
        f"Policy={policy(until(stop=True))}&Signature=a&Key-Pair-Id=K",
        f"Policy={base64.b64encode(b'[' * 9000).decode()}&Signature=a&Key-Pair-Id=K",
    ],
)
def test_a_deadline_that_cant_be_read_isnt_guessed_at_but_the_signature_is_seen(query: str) -> None:
    assert expiry_of(signed(query)) is None
    assert is_signed(signed(query))


def test_of_a_field_that_stands_twice_the_first_counts() -> None:
    expiry = expiry_of(signed("Expires=1785585600&expires=1985585600&AWSAccessKeyId=a&Signature=b"))
    assert expiry is not None
    assert expiry.expires_at == 1_785_585_600


NAMES = [
    *("X-Amz-Signature", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "Expires", "Signature", "Key-Pair-Id"),
    *("Policy", "se", "ske", "st", "sig", "jwt", "Authorization", "x-oss-date", "x-oss-expires", "x-oss-signature"),
    *("q-sign-time", "q-key-time", "q-signature", "q-header-list", "AWSAccessKeyId", "token", "exp", "%", "%FF"),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["exp", "nbf", "iat", "Statement", "Condition", "DateLessThan"]), inner)
    ),
    max_leaves=8,
)
values = (
    st.text(string.printable.strip(), max_size=30).map(lambda text: text.replace("#", ""))
    | st.from_regex(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(T[0-9]{2}:?[0-9]{2}(:?[0-9]{2})?Z)?", fullmatch=True)
    | st.integers().map(str)
    | st.tuples(st.integers(), st.integers()).map(lambda both: f"{both[0]};{both[1]}")
    | json_values.map(jwt)
    | json_values.map(policy)
    | st.from_regex(r"3_[0-9]{14}_a_004_[0-9]{14}_0042_dnld", fullmatch=True)
)


@given(st.lists(st.tuples(st.sampled_from(NAMES) | st.text(string.ascii_letters, max_size=5), values), max_size=8))
def test_no_query_is_an_error_and_every_deadline_is_a_date(fields: list[tuple[str, str]]) -> None:
    url = signed("&".join(f"{name}={value}" for name, value in fields))
    expiry = expiry_of(url)
    if expiry is not None:
        assert is_signed(url)
        assert 1e8 <= expiry.expires_at < 2e11
        assert expiry.issued_at is None or 1e8 <= expiry.issued_at < 1e11


@given(st.text(max_size=200))
def test_no_url_that_can_be_read_is_an_error(query: str) -> None:
    try:
        url = Url.parse(f"https://h.example/m?{query}")
    except ValueError:
        return
    assert expiry_of(url) is None or is_signed(url)

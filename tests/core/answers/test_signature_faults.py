from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.answers.signature_faults import SignatureFault, has_expired, signature_fault
from anymatix_fetcher.core.values.http import Headers

NO_HEADERS = Headers()


def error(code: str, message: str, rest: str = "") -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}<Error><Code>{code}</Code><Message>{message}</Message>{rest}<RequestId>4D</RequestId></Error>"


def azure(detail: str) -> str:
    message = (
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
        "including the signature.\nRequestId:2c25ad7c-a01e-0004-04a3-56c77b000000\nTime:2026-08-01T10:16:22.8096444Z"
    )
    return error("AuthenticationFailed", message, f"<AuthenticationErrorDetail>{detail}</AuthenticationErrorDetail>")


FRAME = "Start [Sat, 01 Aug 2026 10:00:00 GMT] - Expiry [Sat, 01 Aug 2026 18:00:00 GMT]"

ANSWERS = [
    (
        403,
        error("AccessDenied", "Request has expired", "<X-Amz-Expires>300</X-Amz-Expires><Expires>x</Expires>"),
        SignatureFault.EXPIRED,
    ),
    (400, error("AccessDenied", "Request has expired"), SignatureFault.EXPIRED),
    (400, error("ExpiredToken", "The provided token has expired."), SignatureFault.EXPIRED),
    (403, error("ExpiredRequest", "Request has expired", "<Code>10018</Code>"), SignatureFault.EXPIRED),
    (400, error("ExpiredRequest", "..."), SignatureFault.EXPIRED),
    (
        400,
        error("ExpiredToken", "Invalid argument.", "<Details>Request signature expired at: 2026-08-01</Details>"),
        SignatureFault.EXPIRED,
    ),
    (401, '{"code":"expired_auth_token","message":"","status":401}', SignatureFault.EXPIRED),
    (
        403,
        azure(f"Signature not valid in the specified time frame: {FRAME} - Current [Sun, 02 Aug 2026 10:16:22 GMT]"),
        SignatureFault.EXPIRED,
    ),
    (
        403,
        azure(
            f"Signature not valid in the specified key time frame: {FRAME} - Current [Sun, 02 Aug 2026 10:16:22 GMT]"
        ),
        SignatureFault.EXPIRED,
    ),
    (
        403,
        azure(
            "Signed expiry time [Thu, 25 Jun 2026 00:31:00 GMT] must be after signed start time "
            "[Thu, 25 Jun 2026 01:31:57 GMT]"
        ),
        SignatureFault.EXPIRED,
    ),
    (403, azure("Signature not valid in the specified time frame"), SignatureFault.EXPIRED),
    (
        403,
        azure(f"Signature not valid in the specified time frame: {FRAME} - Current [Sat, 01 Aug 2026 09:59:58 GMT]"),
        SignatureFault.NOT_YET_VALID,
    ),
    (
        403,
        error("AccessDenied", "Request is not yet valid", "<X-Amz-Date>1785585600000</X-Amz-Date>"),
        SignatureFault.NOT_YET_VALID,
    ),
    (
        403,
        error("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
        SignatureFault.NOT_YET_VALID,
    ),
    (
        403,
        error(
            "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."
        ),
        SignatureFault.INVALID,
    ),
    (403, error("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist."), SignatureFault.INVALID),
    (400, error("AuthorizationQueryParametersError", "X-Amz-Expires must be a number"), SignatureFault.INVALID),
    (400, error("MalformedSecurityHeader", "Your request has a malformed header."), SignatureFault.INVALID),
    (401, '{"code":"bad_auth_token","message":"Invalid authorization token","status":401}', SignatureFault.INVALID),
    (403, azure("Signature did not match. String to sign used was r\n\n2026-08-01"), SignatureFault.INVALID),
    (403, "SignatureError: invalid key pair id", SignatureFault.INVALID),
    (403, error("InvalidKey", "Unknown Key"), SignatureFault.INVALID),
    (403, error("MissingKey", "Missing Key-Pair-Id query parameter or cookie value"), SignatureFault.INVALID),
    (403, error("AccessDenied", "Access denied"), SignatureFault.UNCLEAR),
    (403, "", SignatureFault.UNCLEAR),
    (404, "", SignatureFault.UNCLEAR),
    (410, "", SignatureFault.UNCLEAR),
    (200, error("AccessDenied", "Request has expired"), SignatureFault.NONE),
    (429, "Request has expired", SignatureFault.NONE),
    (503, error("SlowDown", "Please reduce your request rate."), SignatureFault.NONE),
]


@pytest.mark.parametrize(("status", "body", "fault"), ANSWERS)
def test_a_refusal_says_what_is_wrong_with_the_signature(status: int, body: str, fault: SignatureFault) -> None:
    assert signature_fault(status, NO_HEADERS, body) is fault


def test_a_hub_that_names_its_own_reason_doesnt_speak_of_signatures() -> None:
    assert signature_fault(403, Headers.of(x_error_code="GatedRepo"), "Access denied") is SignatureFault.NONE


@pytest.mark.parametrize(
    ("fault", "left", "expired"),
    [
        (SignatureFault.EXPIRED, 3000.0, True),
        (SignatureFault.EXPIRED, None, True),
        (SignatureFault.INVALID, -5.0, False),
        (SignatureFault.NOT_YET_VALID, 300.0, False),
        (SignatureFault.NONE, -5.0, False),
        (SignatureFault.UNCLEAR, -5.0, True),
        (SignatureFault.UNCLEAR, 1.0, True),
        (SignatureFault.UNCLEAR, 300.0, False),
        (SignatureFault.UNCLEAR, None, None),
    ],
)
def test_where_the_words_dont_tell_the_deadline_does(
    fault: SignatureFault,
    left: float | None,
    expired: bool | None,  # noqa: FBT001 - the table's third column
) -> None:
    assert has_expired(fault, left) is expired


@given(st.integers(100, 999), st.text(max_size=200), st.text(max_size=20))
def test_no_answer_is_an_error(status: int, excerpt: str, date: str) -> None:
    signature_fault(status, Headers.of(x_error_code=date), excerpt)
    signature_fault(403, NO_HEADERS, f"not valid in the specified time frame: Start [{date}] - Current [{excerpt}]")

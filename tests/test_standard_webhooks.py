"""Standard Webhooks: who signed it, and when."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from replicate.webhook import InvalidSignatureError, Webhooks, WebhookSigningSecret

from bot.errors import ProviderUnavailable, SettingsError
from bot.providers.standard_webhooks import Signatures, WebhookRefused, verify
from bot.providers.webhook_secret import key_of
from tests.props import NOON, Clock

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes of key").decode()
OTHER = "whsec_" + base64.b64encode(b"somebody else's own key.").decode()
BODY = b'{"id": "p1", "status": "succeeded"}'
AT = int(NOON.timestamp())


def signature(
    body: bytes = BODY, *, secret: str = SECRET, message_id: str = "msg_1", at: int | str = AT
) -> str:
    """As the specification says it; written apart from the code that is tried."""
    key = base64.b64decode(secret[len("whsec_") :])
    digest = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(signed: str | None = None, *, message_id: str = "msg_1", at: int | str = AT) -> dict[str, str]:
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(message_id=message_id, at=at) if signed is None else signed,
    }


def test_what_was_signed_with_the_secret_is_taken_and_told_by_its_id() -> None:
    assert verify(headers(), BODY, secret=SECRET, now=NOON) == "msg_1"


def test_the_letters_of_the_headers_names_do_not_matter() -> None:
    loud = {name.upper(): value for name, value in headers().items()}

    assert verify(loud, BODY, secret=SECRET, now=NOON) == "msg_1"
    assert verify(CIMultiDict(headers()), BODY, secret=SECRET, now=NOON) == "msg_1"


@pytest.mark.parametrize(
    "signed",
    [
        f"{signature(secret=OTHER)} {signature()}",
        f"{signature()} {signature(secret=OTHER)}",
        f"v1a,{'A' * 88} {signature()}",
        f"v2,what {signature()} v1,",
        f" {signature()} ",
    ],
)
def test_one_right_signature_among_several_is_enough(signed: str) -> None:
    assert verify(headers(signed), BODY, secret=SECRET, now=NOON) == "msg_1"


RIGHT = signature().removeprefix("v1,")

FORGED: dict[str, tuple[dict[str, str], bytes]] = {
    "another body": (headers(), BODY + b" "),
    "no body": (headers(), b""),
    "another secret": (headers(signature(secret=OTHER)), BODY),
    "another id": (headers(signature(), message_id="msg_2"), BODY),
    "another time": (headers(signature(), at=AT + 1), BODY),
    "another version": (headers(f"v2,{RIGHT}"), BODY),
    "no version": (headers(RIGHT), BODY),
    "a version in capitals": (headers(f"V1,{RIGHT}"), BODY),
    "hexadecimal": (headers(f"v1,{base64.b64decode(RIGHT).hex()}"), BODY),
    "cut": (headers(signature()[:-1]), BODY),
    "empty": (headers("v1,"), BODY),
    "nothing": (headers(""), BODY),
    "not ASCII": (headers("v1,ümlaut\ud800"), BODY),
    "an id that is no text": ({**headers(), "webhook-id": "msg_\udcff"}, BODY),
    "the right one as the seventeenth": (headers("v1,A " * 16 + signature()), BODY),
    "no id": ({**headers(), "webhook-id": ""}, BODY),
    "no headers": ({}, BODY),
    "no signature": ({name: v for name, v in headers().items() if name != "webhook-signature"}, BODY),
    "a time that is none": (headers(at="soon"), BODY),
    "a time with a sign": (headers(at=f"+{AT}"), BODY),
    "a time with a point": (headers(at=f"{AT}.0"), BODY),
    "a time in other digits": (headers(at="".join(chr(0x0660 + int(d)) for d in str(AT))), BODY),
    "a time without end": (headers(at="9" * 400), BODY),
}


@pytest.mark.parametrize(("said", "body"), FORGED.values(), ids=FORGED)
def test_a_forged_webhook_is_refused(said: dict[str, str], body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        verify(said, body, secret=SECRET, now=NOON)


@pytest.mark.parametrize("apart_s", [-300, 300])
def test_five_minutes_old_or_early_is_still_taken(apart_s: int) -> None:
    assert verify(headers(at=AT + apart_s), BODY, secret=SECRET, now=NOON) == "msg_1"


@pytest.mark.parametrize("apart_s", [-301, 301, -(10**9)])
def test_a_second_more_than_five_minutes_is_a_replay(apart_s: int) -> None:
    with pytest.raises(WebhookRefused):
        verify(headers(at=AT + apart_s), BODY, secret=SECRET, now=NOON)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_AAAA",
        SECRET.removeprefix("whsec_"),
        "whsec_!" + SECRET[7:],
        "whsec_schlüssel",
        "sk-1",
    ],
)
def test_a_secret_that_is_none_is_never_used_and_never_shown(secret: str) -> None:
    empty = hmac.new(b"", b"msg_1." + str(AT).encode() + b"." + BODY, hashlib.sha256).digest()
    guessed = headers(f"v1,{base64.b64encode(empty).decode()}")

    with pytest.raises(SettingsError) as wrong:
        verify(guessed, BODY, secret=secret, now=NOON)

    hidden = secret.removeprefix("whsec_")
    assert not hidden or hidden not in str(wrong.value)


@given(body=st.binary(max_size=200), other=st.binary(max_size=200))
def test_a_signature_fits_the_bytes_that_it_was_made_of_and_no_others(body: bytes, other: bytes) -> None:
    signed = headers(signature(body))

    assert verify(signed, body, secret=SECRET, now=NOON) == "msg_1"
    if other != body:
        with pytest.raises(WebhookRefused):
            verify(signed, other, secret=SECRET, now=NOON)


@given(body=st.text(min_size=1, max_size=100), secret=st.sampled_from([SECRET, OTHER]))
def test_replicates_own_library_judges_as_we_do(body: str, secret: str) -> None:
    raw = body.encode("utf-8", "replace")
    signed = headers(signature(raw, secret=secret))
    key = WebhookSigningSecret(key=SECRET)

    if secret == SECRET:
        Webhooks.validate(headers=signed, body=raw.decode(), secret=key)
        assert verify(signed, raw, secret=SECRET, now=NOON) == "msg_1"
    else:
        with pytest.raises(InvalidSignatureError):
            Webhooks.validate(headers=signed, body=raw.decode(), secret=key)
        with pytest.raises(WebhookRefused):
            verify(signed, raw, secret=SECRET, now=NOON)


# A secret that the provider tells


class Teller:
    """Tells a secret, and counts how often it was asked."""

    def __init__(self, *secrets: str | Exception) -> None:
        self._secrets = list(secrets)
        self.asked = 0

    async def __call__(self) -> str:
        self.asked += 1
        await asyncio.sleep(0)
        told = self._secrets[min(self.asked, len(self._secrets)) - 1]
        if isinstance(told, Exception):
            raise told
        return told


async def test_a_storm_of_webhooks_asks_for_the_secret_once(clock: Clock) -> None:
    teller = Teller(SECRET)
    signatures = Signatures(teller, now=clock)

    ids = await asyncio.gather(*(signatures.verify(headers(), BODY) for _ in range(100)))

    assert ids == ["msg_1"] * 100
    assert teller.asked == 1


async def test_a_changed_secret_is_asked_for_anew_and_forgeries_ask_once_a_minute_at_most(
    clock: Clock,
) -> None:
    teller = Teller(OTHER, SECRET)
    signatures = Signatures(teller, now=clock)
    for _ in range(50):
        with pytest.raises(WebhookRefused):
            await signatures.verify(headers(), BODY)
    assert teller.asked == 1

    clock.advance(timedelta(minutes=1))

    assert await signatures.verify(headers(), BODY) == "msg_1"
    assert teller.asked == 2


@pytest.mark.parametrize("told", [ProviderUnavailable("no answer"), "no secret", "whsec_AAAA"])
async def test_without_a_secret_nothing_is_refused_and_nothing_is_believed(
    clock: Clock, told: str | Exception
) -> None:
    signatures = Signatures(Teller(told, SECRET), now=clock)

    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            await signatures.verify(headers(), BODY)
    clock.advance(timedelta(seconds=61))

    assert await signatures.verify(headers(), BODY) == "msg_1"


@pytest.mark.parametrize("late", [lambda: headers(at=AT - 400), lambda: headers("v1,") | {"webhook-id": ""}])
async def test_what_cannot_be_genuine_asks_nobody(clock: Clock, late: Callable[[], dict[str, str]]) -> None:
    teller = Teller(SECRET)

    with pytest.raises(WebhookRefused):
        await Signatures(teller, now=clock).verify(late(), BODY)

    assert teller.asked == 0


def test_the_key_is_what_follows_in_base64() -> None:
    assert key_of(SECRET) == b"twenty-four bytes of key"

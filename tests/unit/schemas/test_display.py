"""What may be seen of text, addresses and messages that strangers wrote."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captionfleet_schemas.display import shortened, shown, visible, visible_json, without_credentials
from captionfleet_schemas.display.texts import without_secrets
from captionfleet_schemas.job import AudioReference, Webhook

S = "s3cret"
DANGEROUS = ["\x00", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\x9b", "\u200b", "\u200d", "\u202e", "\u2066", "\u2028"]
ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize("character", [*DANGEROUS, "\ufeff", "\ud800", "\U000e0041", "\u3164", "\u00ad"])
def test_dangerous_characters_are_written_out(character: str) -> None:
    """As an escape that names them, in text and in JSON."""
    assert visible(f"a{character}b") == f"a{character.encode('unicode_escape').decode()}b"
    assert json.loads(visible_json(json.dumps([character], ensure_ascii=False))) == [character]


@given(ANY_TEXT)
def test_all_that_is_left_can_be_seen(text: str) -> None:
    """No character of any text moves a cursor, has no width, or cannot be encoded; twice is as good as once."""
    seen = visible(text)

    assert not {unicodedata.category(one) for one in seen} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert visible(seen) == seen
    assert seen.encode().decode() == seen


@given(st.recursive(ANY_TEXT | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner)))
def test_json_stays_what_it_was(value: Any) -> None:
    """A program reads the same from it, on one line that is safe to look at."""
    line = visible_json(json.dumps(value, ensure_ascii=False))

    assert json.loads(line) == value
    assert visible(line) == line


@pytest.mark.parametrize("text", ["Grüße, 東京, ✨ and 3 €", "a\u00a0b", "C:\\path"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    """Other languages, symbols and backslashes are what they are."""
    assert visible(text) == text


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://example.com/a.mp3", "https://example.com/a.mp3"),
        (f"https://example.com/a.mp3?token={S}", "https://example.com/a.mp3?…"),
        (f"https://example.com/a.mp3?{S}", "https://example.com/a.mp3?…"),
        (f"https://example.com/a.mp3%3Ftoken%3D{S}", "https://example.com/a.mp3?…"),
        (f"https://example.com/a.mp3#{S}", "https://example.com/a.mp3#…"),
        (f"https://example.com/a;jsessionid={S}/b", "https://example.com/a;…/b"),
        (f"https://user:{S}@example.com/a", "https://…@example.com/a"),
        (f"https://{S}@example.com/a", "https://…@example.com/a"),
        (f"https://user:{S}/1@example.com/a", "https://…@example.com/a"),
        (f"https://user:{S}?1@example.com/a", "https://…@example.com/a"),
        (f"https://user:{S}#1@example.com/a", "https://…@example.com/a"),
        (f"https://user:{S}@1@example.com/a", "https://…@example.com/a"),
        (f"https://user:1/{S}@example.com/a", "https://…@example.com/a"),
        (f"https:\\\\user:{S}@example.com/a", "https:\\\\…@example.com/a"),
        (f"https:user:{S}@example.com/a", "https:…@example.com/a"),
        (f"https:/user:{S}@example.com/a", "https:/…@example.com/a"),
        (f"https://user%3A{S}%40example.com/a", "https://…"),
        (f"https://user:{S}", "https://…"),
        (f"//user:{S}@example.com/a", "//…@example.com/a"),
        (f"redis://:{S}@[::1]:6379/0", "redis://…@[::1]:6379/0"),
        (f"redis:///:{S}@example.com", "redis:///…@example.com"),
        (f"s3://key:{S}@bucket/a.mp3", "s3://…@bucket/a.mp3"),
        (f"s3://bucket/a.mp3?X-Amz-Signature={S}", "s3://bucket/a.mp3?…"),
        (f"https://proxy.example/https://user:{S}@example.com/a", "https://proxy.example/https://…@example.com/a"),
        (f"https://api.telegram.org/file/bot123:{S}/a.oga", "https://api.telegram.org/file/bot123:…/a.oga"),
        (f"https://hooks.slack.com/services/T0/B0/{S}", "https://hooks.slack.com/services/T0/B0/…"),
        (f"https://discord.com/api/webhooks/1/{S}", "https://discord.com/api/webhooks/1/…"),
        (f"data:audio/wav;base64,{S}", "data:audio/wav,…"),
        (f"DATA:,{S}", "DATA:,…"),
        ("https://example.com/@user/a.mp3?mail=a@b.c", "https://example.com/@user/a.mp3?…"),
        ("file:///home/me@home/a.wav", "file:///home/me@home/a.wav"),
        ("blob:sha256-00", "blob:sha256-00"),
    ],
)
def test_addresses_lose_their_secrets(url: str, seen: str) -> None:
    """Wherever one can stand, also where the address is written wrongly; twice changes nothing."""
    assert (shown(url), shown(seen)) == (seen, seen)
    assert S not in without_secrets(f"cannot reach {url}: sorry")


@given(
    st.sampled_from(["https", "redis", "s3", "amqp"]),
    st.text(st.sampled_from("ab:/?#%&=;\\ .[]"), max_size=8),
    st.text(st.sampled_from("ab:/?#&=;\\.[]1"), max_size=8),
)
def test_a_password_never_shows(scheme: str, before: str, after: str) -> None:
    """Whatever else is in the login: nothing in front of the last `@` before the host is left."""
    assert S not in shown(f"{scheme}://user:{before}{S}{after}@example.com/a")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (
            f"see https://u:{S}@h.example/x?{S}, and (https://h.example/x).",
            "see https://…@h.example/x?…, and (https://h.example/x).",
        ),
        (f"Error connecting to redis://:{S}@ledger:6379/1.", "Error connecting to redis://…@ledger:6379/1."),
        (f"u:{S}@ledger:6379 refused", "u:…@ledger:6379 refused"),
        (f"Authorization: Bearer {S}", "Authorization: Bearer …"),
        (f'{{"X-Api-Key": "{S}"}}', '{"X-Api-Key": "…"}'),
        (f"the secret whsec_{S}", "the secret whsec_…"),
        (f"https://h.example/a b.mp3?token={S}", "https://h.example/a b.mp3?token=…"),
        (f"got {'UklGR' * 40}", "got …"),
        ("the token is spent; 10:30:12, and job token:abcd", "the token is spent; 10:30:12, and job token:abcd"),
        ("Write to me@example.com about data: 5 files", "Write to me@example.com about data: 5 files"),
    ],
)
def test_texts_lose_their_secrets(text: str, seen: str) -> None:
    """Messages of servers and models repeat what they were given; ordinary sentences stay as they are."""
    assert (without_secrets(text), without_secrets(seen)) == (seen, seen)


def test_whole_messages_lose_their_credentials() -> None:
    """Headers at every depth, addresses and signed parameters, and what Celery repeats of the arguments."""
    message = {
        "job": {
            "headers": {"Authorization": S},
            "audio": {"url": f"s3://b/k?X-Amz-Signature={S}", "headers": {"X-Key": S}},
            "webhook": {"url": f"https://u:{S}@h.example/x"},
            "audio_url": f"data:audio/wav;base64,{S}",
            "access_token": S,
            "usage": {"input_tokens": 5},
            "metadata": {"show": "42"},
        },
        "kwargsrepr": f"{{'job': {S}}}",
        "reason": f"no answer from https://h.example/?k={S}",
        "caption": "a token: spoken aloud",
        "id": "token-12",
    }

    cut = without_credentials(message)

    assert S not in repr(cut)
    assert cut["job"]["headers"] == {"Authorization": "…"}
    assert cut["job"]["audio"] == {"url": "s3://b/k?…", "headers": {"X-Key": "…"}}
    assert cut["job"]["usage"] == {"input_tokens": 5}
    assert (cut["job"]["metadata"], cut["caption"], cut["id"]) == ({"show": "42"}, "a token: spoken aloud", "token-12")
    assert without_credentials(cut) == cut


def test_a_message_without_end_is_cut() -> None:
    """However deep it is nested, nothing overflows."""
    message: Any = S
    for _ in range(10_000):
        message = [message]

    assert S not in repr(without_credentials(message))


def test_a_job_does_not_show_its_addresses() -> None:
    """A value may end up in a traceback or a log line of the service around it."""
    audio = AudioReference(url=f"https://h.example/a?{S}", headers={"X-Key": S})

    assert repr(audio) == "AudioReference(url='https://h.example/a?…')"
    assert S not in repr(Webhook(url=f"https://u:{S}@h.example/a"))


def test_long_texts_are_shortened() -> None:
    """An inline reference can be megabytes long."""
    assert shortened("x" * 100, 10) == "xxxxxxxxx…"
    assert shortened("x" * 10, 10) == "x" * 10

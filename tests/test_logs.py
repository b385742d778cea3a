"""Log lines: whole, one each, and never a secret."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.operating import logs
from bot.operating.logs import JsonLine, TextLine, configure

SECRET = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
TOKEN = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEyMzQ1Njc4OTA6_-x.y"
FORGED = "2026-11-21 12:00:00 ERROR   bot.worker: all is well"

FORMATTERS = [TextLine([SECRET]), JsonLine([SECRET])]


def record(
    message: str, *args: object, fault: BaseException | None = None, **fields: object
) -> logging.LogRecord:
    made = logging.LogRecord(
        "bot.worker", logging.ERROR, __file__, 1, message, args, (type(fault), fault, None) if fault else None
    )
    vars(made).update(fields)
    made.created = 1_795_262_400.25
    return made


def test_a_line_has_its_time_level_logger_and_fields() -> None:
    line = TextLine([]).format(record("took %d s", 3, job="1m7yzmhg00000005", code="slow"))

    assert line == "2026-11-21 12:00:00 ERROR   bot.worker: took 3 s code=slow job=1m7yzmhg00000005"


def test_a_json_line_is_one_object_with_the_same() -> None:
    line = JsonLine([]).format(record("took %d s", 3, job="1m7yzmhg00000005", code="slow"))

    assert json.loads(line) == {
        "at": "2026-11-21T12:00:00.250000+00:00",
        "level": "ERROR",
        "logger": "bot.worker",
        "message": "took 3 s",
        "code": "slow",
        "job": "1m7yzmhg00000005",
    }


@pytest.mark.parametrize("formatter", FORMATTERS)
@pytest.mark.parametrize(
    "made",
    [
        record(f"the key {SECRET} is wrong"),
        record("the key %s is wrong", SECRET),
        record("%r", {"Authorization": f"Bot {SECRET}"}),
        record("fault", fault=ValueError(f"401 for {SECRET}")),
        record(
            "fault", code=SECRET, job=SECRET, interaction=SECRET, guild=SECRET, provider=SECRET, offer=SECRET
        ),
    ],
)
def test_a_secret_never_appears(formatter: logging.Formatter, made: logging.LogRecord) -> None:
    line = formatter.format(made)

    assert SECRET not in line
    assert "***" in line


@pytest.mark.parametrize("order", [[SECRET, SECRET[:20]], [SECRET[:20], SECRET]])
def test_a_secret_that_begins_another_does_not_uncover_its_end(order: list[str]) -> None:
    assert TextLine(order).format(record(SECRET)).endswith(": ***")


@pytest.mark.parametrize("secret", ["", "a", "is"])
def test_a_secret_too_short_to_be_one_does_not_blot_out_the_text(secret: str) -> None:
    assert TextLine([secret]).format(record("this is a line")).endswith("this is a line")


@pytest.mark.parametrize("formatter", FORMATTERS)
@pytest.mark.parametrize(
    "path",
    [
        f"https://discord.com/api/v10/webhooks/123456/{TOKEN}/messages/@original",
        f"POST /interactions/123456/{TOKEN}/callback failed",
        f"/webhooks/123456/{TOKEN}?wait=true",
        f'{{"url": "/webhooks/123456/{TOKEN}"}}',
        f"/webhooks/123456/{TOKEN}",
    ],
)
def test_an_interactions_token_never_appears(formatter: logging.Formatter, path: str) -> None:
    for made in (record(path), record("fault", fault=ValueError(path)), record("x", interaction=path)):
        assert TOKEN not in formatter.format(made)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_text_can_forge_a_line(end: str) -> None:
    text = f"a prompt{end}{FORGED}"

    for made in (
        record(text),
        record("%s", text),
        record("x", job=text),
        record("x", fault=ValueError(text)),
    ):
        lines = TextLine([]).format(made).splitlines()
        assert lines[0].startswith("2026-11-21 12:00:00 ERROR   bot.worker: ")
        assert all(line.startswith("    ") for line in lines[1:])
        assert len(JsonLine([]).format(made).splitlines()) == 1


@given(st.text(), st.text())
def test_whatever_is_said_is_one_printable_line(text: str, field: str) -> None:
    line = TextLine([]).format(record("%s", text, job=field))

    assert line.isprintable()
    assert json.loads(JsonLine([]).format(record("%s", text, job=field)))["message"] == text


@pytest.mark.parametrize(
    "escape", ["\x1b[31m", "\x1b]0;owned\x07", "\x9b31m", "\x08\x08", "\u202e", "\x00", "\ud800"]
)
def test_no_text_can_play_with_the_terminal(escape: str) -> None:
    for made in (record(escape), record("x", fault=ValueError(escape)), record("x", code=escape)):
        line = TextLine([]).format(made)
        assert escape not in line
        line.encode()  # a lone surrogate would break the handler


def test_a_traceback_stands_below_its_line() -> None:
    lines = TextLine([]).format(record("step failed", fault=ValueError("on purpose"), job="j")).splitlines()

    assert lines[0].endswith("step failed job=j")
    assert lines[-1] == "    ValueError: on purpose"
    trace = json.loads(JsonLine([]).format(record("step failed", fault=ValueError("on purpose"))))["trace"]
    assert trace.endswith("ValueError: on purpose")


def test_a_discord_that_cannot_be_reached_is_a_line_a_try_and_no_traceback() -> None:
    nobody = OSError("nobody is there")
    made = record("Attempting a reconnect in %.2fs", 5.0, fault=nobody, name="discord.client")
    elsewhere = record("Attempting a reconnect in %.2fs", 5.0, fault=nobody)
    another = record("Ignoring exception", fault=nobody, name="discord.client")

    said = TextLine([]).format(made).splitlines()

    assert len(said) == 1
    assert said[0].endswith("discord.client: Attempting a reconnect in 5.00s: OSError: nobody is there")
    assert "trace" not in json.loads(JsonLine([]).format(made))
    assert "trace" in json.loads(JsonLine([]).format(elsewhere))
    assert "trace" in json.loads(JsonLine([]).format(another))


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_all_logs_go_to_standard_error_without_debug(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("json", secrets=[SECRET])

    logging.getLogger("discord.gateway").debug("identify with %s", SECRET)
    logging.getLogger("discord.gateway").info("token %s", SECRET)
    logging.getLogger("aiohttp.access").info("GET /")

    said = capsys.readouterr()
    assert said.out == ""
    assert [json.loads(line)["message"] for line in said.err.splitlines()] == ["token ***"]
    assert [handler.stream for handler in root.handlers if isinstance(handler, logging.StreamHandler)] == [
        sys.stderr
    ]


SIGNED = [
    ("https://cdn.discordapp.com/a/1/clip.mp4?ex=69&is=68&hm=0123abcd&", "0123abcd"),
    ("https://dailies.example.org/webhooks/fal/01ABC-1?mark=5ecre7", "5ecre7"),
    ("https://dailies.example.org/clips/01ABC/1795262400/" + "0af1" * 16 + ".mp4", "0af1" * 16),
    ("[Errno 28] No space left on device: '/data/exports/" + "0af1" * 16 + "-1.zip'", "0af1" * 16),
    ("https://bucket.s3.amazonaws.com/x.mp4?X-Amz-Signature=beef42&X-Amz-Date=20261121", "beef42"),
    ("https://storage.googleapis.com/x?Expires=1&Signature=c0ffee%2B", "c0ffee"),
    ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
    ("Authorization: Key 12ab-34cd:56ef78ab", "56ef78ab"),
]


@pytest.mark.parametrize("formatter", FORMATTERS)
@pytest.mark.parametrize(("text", "secret"), SIGNED)
def test_a_signed_link_and_bare_authority_lose_what_makes_them_good(
    formatter: logging.Formatter, text: str, secret: str
) -> None:
    line = formatter.format(record("no answer from %s", text, fault=ValueError(text)))

    assert secret not in line
    assert "***" in line


def test_a_line_of_somebody_elses_within_a_jobs_step_names_the_job() -> None:
    told = logs.about_job.set("1m7yzmhg00000005")
    try:
        within = JsonLine([]).format(record("rate limited"))
        own = JsonLine([]).format(record("rate limited", job="another"))
    finally:
        logs.about_job.reset(told)
    outside = JsonLine([]).format(record("rate limited"))

    assert json.loads(within)["job"] == "1m7yzmhg00000005"
    assert json.loads(own)["job"] == "another"
    assert "job" not in json.loads(outside)

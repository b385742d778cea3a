"""Every sentence of ours is in every language of ours; and members, servers and commands speak theirs.

`make messages` brings the catalogues up to date with the code and names what is left to translate.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot import language, translations
from bot.domain import ChannelId, GuildId, Micros
from bot.ordering import prompt_lesson
from bot.prompts import advise
from bot.sandbox.command_rules import is_slash_name
from cogs.cards import clip_alt
from tests.messages import FOREIGN, faults_of, fields, length, plural_forms, po_file, read_po
from tests.sentences import Found, Key, found, read_source
from tests.stage import ASK_ABOVE, Json, Stage, card_of, open_stage, post_of, texts, walk

COMPLETE = True
"""Whether a sentence that is not translated fails the tests; off while many are being written at once."""

when_complete = pytest.mark.skipif(not COMPLETE, reason="sentences are still being written: see COMPLETE")

DEARER = 12
"""Seconds of the studio, which cost more than is ordered without a question."""


@when_complete
@pytest.mark.parametrize("code", FOREIGN)
def test_every_sentence_is_translated_and_no_translation_is_left_over(code: str) -> None:
    assert list(faults_of(code, found().keys)) == []


@when_complete
def test_whatever_a_member_reads_goes_through_the_catalogues() -> None:
    assert found().faults == []


@pytest.mark.parametrize("code", FOREIGN)
def test_what_is_translated_has_our_fields_and_all_forms(code: str) -> None:
    forms = plural_forms(code)
    for key, entry in read_po(code).items():
        if entry.complete:
            assert sorted(entry.texts) == list(range(forms if key.plural else 1)), key
            for said in entry.texts.values():
                assert fields(said) == fields(key.msgid), key
                said.format(**dict.fromkeys(fields(said), 1))


@pytest.mark.parametrize("code", FOREIGN)
def test_a_label_fits_its_place_in_every_language(code: str) -> None:
    entries = read_po(code)

    assert found().most
    for key, most in found().most.items():
        for said in (key.msgid, *(entries[key].texts.values() if key in entries else ())):
            assert length(said) <= most, said


@pytest.mark.parametrize("code", FOREIGN)
def test_no_sentence_writes_its_numbers_as_english_does(code: str) -> None:
    entries = read_po(code)

    grouped = [
        key.msgid for key, entry in entries.items() if ":," in "".join((key.msgid, *entry.texts.values()))
    ]

    assert grouped == []  # `number` puts the thousands apart as each language does


SHUNNED = {
    "de": (
        "Auftrag",
        "Auftr\N{LATIN SMALL LETTER A WITH DIAERESIS}g",
        "Charakter",
        "Provider",
        "Fassung f",
        "Fassungen",
    ),
    "ja": ("クリップ", "通報", "提供元", "ドラフト", "Bot", "bot"),
}
"""Other words for what CONTRIBUTING's table of terms names."""


@pytest.mark.parametrize("code", FOREIGN)
def test_a_thing_has_one_name_in_a_language(code: str) -> None:
    said = [text for entry in read_po(code).values() for text in entry.texts.values()]

    assert [one for one in said if any(word in one for word in SHUNNED[code])] == []


def test_japanese_brackets_are_as_wide_as_its_letters() -> None:
    said = [text for entry in read_po("ja").values() for text in entry.texts.values()]

    assert [one for one in said if re.search(r"[ぁ-んァ-ヶー一-龥] ?\(", one)] == []


@pytest.mark.parametrize("code", FOREIGN)
def test_no_sentence_stands_twice_in_a_catalogue(code: str) -> None:
    entries = translations.entries(po_file(code).read_text("utf-8"))

    assert len({(entry.context, entry.msgid) for entry in entries}) == len(entries)


@pytest.mark.parametrize("code", FOREIGN)
def test_a_sentence_names_commands_as_its_reader_s_picker_does(code: str) -> None:
    names = {key.msgid: entry.texts[0] for key, entry in read_po(code).items() if key.context}
    for key, entry in read_po(code).items():
        if entry.complete:
            named = [name for name in re.findall(r"(?<![\w/<])/(\w+)", key.msgid) if names.get(name)]
            for said in entry.texts.values():
                assert [name for name in named if f"/{names[name]}" not in said] == [], key


def test_our_examples_of_prompts_follow_our_own_advice_in_every_language() -> None:
    for code in language.LANGUAGES:
        with language.use(code):
            for example in prompt_lesson.examples():
                assert advise(example.prompt, kind=example.kind, duration_s=example.duration_s) == []


@pytest.mark.parametrize(
    ("source", "keys", "faults"),
    [
        ('_("One {n}.").format(n=1)', [Key("", "One {n}.")], 0),
        ('language._("One.")', [Key("", "One.")], 0),
        ('_("One " "and two.")', [Key("", "One and two.")], 0),
        ('ngettext("{n} one", "{n} more", n)', [Key("", "{n} one", "{n} more")], 0),
        ('GONE = later("It is gone.")', [Key("", "It is gone.")], 0),
        ("_(GONE)", [], 0),
        ("_(GONE[what])", [], 0),
        ("_(GONE if one else HERE)", [], 0),
        ('_(f"One {n}.")', [], 1),
        ('_("One " + what)', [], 1),
        ('_("One {n}.".format(n=1))', [], 1),
        ('raise NotYours(_("What."), _("Do."))', [Key("", "What."), Key("", "Do.")], 0),
        ('raise NotYours("What.", _("Do."))', [Key("", "Do.")], 1),
        ('raise OrderRefused(f"What {n}.", "Do.")', [], 2),
        ('raise OrderRefused("What {n}.".format(n=1), what)', [], 1),
        ('ui.TextDisplay("Hello")', [], 1),
        ('ui.TextDisplay(f"### {headline}\\n{prompt}")', [], 0),
        ('ui.TextDisplay(f"{price} left")', [], 1),
        ('said("Done" if one else _("Gone"))', [Key("", "Gone")], 1),
        ('ui.Button(label="Go")', [], 1),
        ('ui.Button[Any](label="Go")', [], 1),
        ('ui.Button(label=_("Go"))', [Key("", "Go")], 0),
        ('ui.Select(placeholder="Which?")', [], 1),
        ('ui.Label(text="Camera", component=x)', [], 1),
        ('lines.append("Nothing was charged.")', [], 1),
        ('log.info("two words")', [], 0),
        ('match code:\n    case "two words":\n        pass', [], 0),
        ('gone = code == "two words"', [], 0),
        ('raise RuntimeError("two words")', [], 0),
        ('"""A docstring of words."""', [], 0),
        ('Command(name="go", description="Go there now")', [], 0),
        ('@group.command(description="Go there now")\nasync def go(): ...', [], 0),
        ('class Go(Group, description="Go there now"):\n    pass', [], 0),
    ],
)
def test_what_is_shown_in_words_of_its_own_is_found(
    source: str, keys: list[Key], faults: int, tmp_path: Path
) -> None:
    (tmp_path / "cogs").mkdir()
    path = tmp_path / "cogs" / "some.py"
    path.write_text(source, "utf-8")

    read = Found()
    read_source(path, read, root=tmp_path)

    assert list(read.keys) == keys
    assert len(read.faults) == faults, read.faults


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, guild_locale="ja") as opened:
        opened.sandbox.world.user_named("Ada").locale = "de"
        yield opened


def labels(message: Json) -> list[str]:
    return [one["label"] for one in walk(message["components"]) if "label" in one]


async def test_two_members_read_a_quote_each_in_their_language(stage: Stage) -> None:
    german = await stage.ask(stage.ada, prompt="ein Papierboot", duration=DEARER)
    english = await stage.ask(stage.bruno, prompt="a paper boat", duration=DEARER)

    assert texts(german).startswith("### Das kostet 1,20\u00a0$ Spielgeld\n")
    assert "Preis: 1,20\u00a0$ (12 s zu 0,10\u00a0$ pro Sekunde)" in texts(german)
    assert "Berechnet wird erst etwas, wenn du bestätigst." in texts(german)
    assert labels(german) == ["Für 1,20\u00a0$ bestätigen", "Abbrechen", "1 Rat"]
    assert texts(english).startswith("### This costs $1.20 in play money\n")
    assert labels(english) == ["Confirm for $1.20", "Cancel", "1 piece of advice"]
    assert Micros(1_200_000) > ASK_ABOVE


async def test_a_press_is_answered_in_the_presser_s_language(stage: Stage) -> None:
    quote = await stage.ask(stage.ada, prompt="ein Papierboot", duration=DEARER)

    receipt = await stage.answer_quote(stage.ada, quote, "yes")

    place = f"<#{stage.channel()}>"
    told = "Bestellt. 1,20\u00a0$ Spielgeld sind dafür zurückgelegt. "
    assert texts(receipt) == f"{told}Die Karte in {place} zeigt, wie es läuft."


async def test_a_refusal_is_in_the_member_s_language(stage: Stage) -> None:
    answer = await stage.ask(stage.ada, prompt="a\u0000b")

    assert texts(answer) == (
        "Der Prompt enthält ein Zeichen, das kein Text ist. Es wurde nichts berechnet. "
        "Tippe ihn neu ein und bestelle noch einmal."
    )


async def test_a_refusal_writes_its_numbers_as_the_member_does(stage: Stage) -> None:
    answer = await stage.ask_raw(stage.ada, [{"name": "prompt", "type": 3, "value": "a" * 4_001}])

    assert texts(answer).startswith("Der Prompt hat 4.001 Zeichen; Studio nimmt höchstens 4.000. ")


async def test_an_unknown_form_is_refused_in_the_member_s_language(stage: Stage) -> None:
    answer = await stage.ask_raw(stage.ada, [{"name": "prompt", "type": 3, "value": 7}])

    assert texts(answer).startswith("Der Befehl kam in einer Form, die dieser Bot nicht kennt.")


async def test_a_button_that_we_lost_is_answered_in_the_presser_s_language(stage: Stage) -> None:
    plain = await stage.client.get_partial_messageable(int(stage.channel())).send("hello")
    message = await stage.ada.message(stage.channel(), str(plain.id))

    answer = await stage.ada.answer(await stage.ada.press(message, "gone", unchecked=True))

    assert texts(answer).startswith("Diesen Knopf gibt es nicht mehr.")


async def test_a_card_speaks_the_server_s_language_and_its_details_the_presser_s(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="ein Papierboot")
    (job,) = await stage.rows()

    message_id = await stage.delivery.post_card(card_of(job))
    card = await stage.mika.wait_for_message(lambda m: m["id"] == str(message_id))

    assert texts(card).startswith("### 順番待ち\n> ein Papierboot")
    assert "絵コンテ（AIではない）" in texts(card)
    cancel, details = labels(card)
    assert cancel.startswith("キャンセル")
    assert details == "詳細"
    assert "**Modell** Studio" in texts(await stage.press(stage.ada, card, "details:"))
    assert "**Model** Studio" in texts(await stage.press(stage.bruno, card, "details:"))


async def test_a_clip_speaks_the_server_s_language_also_to_a_screen_reader(
    stage: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"a clip")
    job = stage.job()

    message_id = await stage.delivery.post_clip(post_of(job, path))
    clip = await stage.mika.wait_for_message(lambda m: m["id"] == str(message_id))

    (item,) = [one["items"][0] for one in walk(clip["components"]) if "items" in one]
    with language.use("ja"):
        assert item["description"] == clip_alt(job, "storyboard, not AI")
    assert item["description"].startswith("動画（絵コンテ（AIではない））：")


async def test_where_a_server_cannot_choose_its_language_a_card_speaks_its_orderer_s(stage: Stage) -> None:
    stage.client.get_guild(stage.sandbox.world.guild.id).features.remove("COMMUNITY")  # type: ignore[union-attr]
    job = stage.job()

    message_id = await stage.delivery.post_card(card_of(replace(job, order=replace(job.order, locale="de"))))

    card = await stage.mika.wait_for_message(lambda m: m["id"] == str(message_id))
    assert texts(card).startswith("### In der Reihe")


async def test_where_the_ladder_leads_out_of_a_server_a_clip_speaks_its_orderer_s_language(
    stage: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"a clip")
    job = stage.job()
    job = replace(job, order=replace(job.order, locale="de"))
    direct = await stage.delivery.direct_channel(job.order.member.user_id)
    named = ChannelId(int(stage.channel("showcase")))

    ways = {}
    for channel_id in (direct, named):
        post = replace(post_of(job, path), channel_id=channel_id, direct=channel_id == direct)
        message_id = await stage.delivery.post_clip(post)
        posted = await stage.ada.message(str(channel_id), str(message_id))
        ways[channel_id] = texts(posted)

    assert "bestellt von" in ways[direct]
    assert "bestellt von" not in ways[named]


async def test_where_the_server_is_not_known_a_card_is_english(stage: Stage) -> None:
    job = stage.job()
    stranger = replace(job.order.member, guild_id=GuildId(1))
    job = replace(job, order=replace(job.order, member=stranger))

    message_id = await stage.delivery.post_card(card_of(job))
    card = await stage.mika.wait_for_message(lambda m: m["id"] == str(message_id))

    assert texts(card).startswith("### In line\n")


async def test_help_names_models_in_the_member_s_language(stage: Stage) -> None:
    shown = texts(await stage.ada.answer(await stage.ada.slash("help", channel=stage.channel())))

    assert "- **Studio** (Storyboard, keine KI): Unser eigener Storyboard" in shown
    assert "Die Preise hier sind Spielgeld: Niemand bezahlt sie." in shown


async def test_help_on_prompts_fits_one_message_in_every_language(stage: Stage) -> None:
    for code in language.LANGUAGES:
        stage.sandbox.world.user_named("Bruno").locale = code
        press = await stage.bruno.slash("help", {"topic": "prompts"}, channel=stage.channel())

        shown = texts(await stage.bruno.answer(press))

        with language.use(code):
            assert all(part in shown for part in prompt_lesson.parts())
        assert len(shown.encode("utf-16-le")) // 2 <= 4_000


async def test_commands_are_named_and_described_in_every_language(stage: Stage) -> None:
    (generate,) = [one for one in await stage.ada.commands() if one["name"] == "generate"]
    options = {one["name"]: one for one in generate["options"]}

    assert generate["name_localizations"] == {"de": "erzeugen", "ja": "生成"}
    assert generate["description_localizations"]["de"] == "Ein Video mit Ton aus Worten machen"
    assert options["aspect_ratio"]["name_localizations"] == {"de": "seitenverhältnis", "ja": "縦横比"}
    (shortest, *_) = options["duration"]["choices"]
    assert shortest["name"] == "4 seconds"
    assert shortest["name_localizations"] == {"de": "4 Sekunden", "ja": "4秒"}
    assert not any(one.get("name_localizations") for one in options["resolution"]["choices"])


async def test_names_in_every_language_are_ones_that_discord_takes_and_tells_apart(stage: Stage) -> None:
    def check(described: Json) -> None:
        for code, name in (described.get("name_localizations") or {}).items():
            assert is_slash_name(name) or described.get("type") in {2, 3} or "value" in described, name
            assert len(name) <= 100 if "value" in described else len(name) <= 32
            assert code in FOREIGN
        for below in ("options", "choices"):
            for code in FOREIGN:
                listed = [
                    (one.get("name_localizations") or {}).get(code, one["name"])
                    for one in described.get(below) or []
                ]
                assert len(set(listed)) == len(listed)
        for one in described.get("options") or []:
            check(one)
        for one in described.get("choices") or []:
            check(one)

    commands = await stage.ada.commands()

    for command in commands:
        check(command)
    for code in FOREIGN:
        named = [
            ((one.get("name_localizations") or {}).get(code, one["name"]), one["type"]) for one in commands
        ]
        assert len(set(named)) == len(named)

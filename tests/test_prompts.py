import random
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import PROMPT_CHARS_MAX, Kind
from bot.errors import OrderRefused
from bot.ordering import spoken
from bot.ordering.prompt_words import is_english
from bot.prompts import Parts, advise, advise_on_parts, compose

FISHERMAN = (
    "Low-angle tracking shot following a retired fisherman walking along a weathered wooden dock at dawn. He "
    "stops at the end, looks out at the water, and speaks quietly with clear lipsync: 'I sold the boat last "
    "Tuesday. Forty years on that water, and I don't even miss it yet.' Voice slightly hoarse, close-mic'd, "
    "tired but at peace. Gentle harbor sounds, water lapping against pilings, a distant foghorn. Realistic "
    "natural sound, no background music. The scene ends with him turning away and the foghorn fading out."
)
RETRIEVER = (
    "A golden retriever runs along a sandy beach at sunrise, splashing through shallow waves. Soft ocean "
    "sounds, seagulls in the distance, no music."
)
RAINY_CITY = "A woman walks through a rainy city at night, neon reflections on wet pavement"
FORTY_YEARS = "男が言う。「四十年もこの海で暮らしてきたのに、もう何も恋しくないんだ。」"
PICTURE = "the tall brick tower of the old mill stands over the river, red and worn, in the morning light. "


def codes(prompt: str, *, kind: Kind = Kind.GENERATE, length: int = 8, has_sound: bool = True) -> set[str]:
    return {one.code for one in advise(prompt, kind=kind, duration_s=length, has_sound=has_sound)}


@pytest.mark.parametrize(
    ("prompt", "kind", "length", "wanted"),
    [
        (FISHERMAN, Kind.GENERATE, 8, set()),
        (FISHERMAN, Kind.GENERATE, 20, set()),
        (FISHERMAN, Kind.GENERATE, 4, {"dialogue_too_long"}),
        (RETRIEVER, Kind.GENERATE, 8, {"no_camera"}),
        (f"Wide shot. {RETRIEVER}", Kind.GENERATE, 8, set()),
        (f"Wide shot. {RETRIEVER}", Kind.GENERATE, 20, {"no_ending"}),
        (f"Wide shot. {RETRIEVER} End on its wet nose.", Kind.GENERATE, 20, set()),
        (f"Wide shot. {RAINY_CITY}", Kind.GENERATE, 8, {"no_sound"}),
        (f"Wide shot. {RAINY_CITY}. Rain hisses.", Kind.GENERATE, 8, {"music_unsaid"}),
        ("a cat on the moon", Kind.GENERATE, 8, {"bare_sentence", "no_sound", "no_camera"}),
        ("a cat on the moon", Kind.EXTEND, 8, {"no_sound"}),
        ("a cat on the moon", Kind.REMIX, 20, set()),
        ("the same with a red coat", Kind.REMIX, 20, set()),
        (f"Wide shot. {PICTURE * 12}", Kind.GENERATE, 8, {"picture_without_sound"}),
        (f"Wide shot. {PICTURE * 12} Bells chime, no music.", Kind.GENERATE, 8, set()),
        (f"Wide shot. {PICTURE * 3}", Kind.GENERATE, 8, {"no_sound"}),
        (
            "Wide shot of " + "a tower and a river and a mill and a boat and " * 8 + "birdsong, no music",
            Kind.GENERATE,
            8,
            {"run_on"},
        ),
        (
            "The old lighthouse in the storm under a dark sky, thunder, no music",
            Kind.ANIMATE,
            4,
            {"no_motion"},
        ),
        ("The light of the tower rotates in the storm, thunder, no music", Kind.ANIMATE, 4, set()),
        ("The camera slowly pushes in as wind picks up. Leaves rustle, no music.", Kind.ANIMATE, 4, set()),
        ("Her hair is swaying in the breeze, soft piano music", Kind.ANIMATE, 4, set()),
        ("The dog in the picture is running by the sea, no music", Kind.ANIMATE, 4, set()),
        ("The couple in the picture is dancing by the sea, no music", Kind.ANIMATE, 4, set()),
        ("The kite in the picture flies by the sea, no music", Kind.ANIMATE, 4, set()),
        ("He turned to the sea, the waves roaring, no music", Kind.ANIMATE, 4, set()),
        (
            "Close-up of a man at the bar. He says: this is the last round. Glasses clink, no music.",
            Kind.GENERATE,
            8,
            {"dialogue_unquoted"},
        ),
        (
            'Close-up of a man at the bar. He turns: "This is the last round." Glasses clink, no music.',
            Kind.GENERATE,
            8,
            {"voice_undescribed"},
        ),
        (
            'Close-up of a man at the bar. "One. Two. Three. Four. Five." His voice is hoarse, no music.',
            Kind.GENERATE,
            8,
            {"dialogue_has_many_sentences"},
        ),
        # Not known to be English: only what is counted counts.
        ("neon city rain, cyberpunk, 8k", Kind.GENERATE, 20, set()),
        ("Ein Hund läuft am Strand entlang, die Sonne geht auf", Kind.GENERATE, 20, set()),
        ("Ein Hund am Strand", Kind.GENERATE, 20, {"bare_sentence"}),
        ("Der alte Leuchtturm im Sturm, dunkler Himmel", Kind.ANIMATE, 20, set()),
        ("Un perro corre por la playa al amanecer, olas suaves", Kind.GENERATE, 20, set()),
        ("Un chien court sur la plage, a la fin il s'arrete", Kind.GENERATE, 20, set()),
        ("O gato no telhado a noite, com a lua", Kind.GENERATE, 20, set()),
        ("夜の東京、雨に濡れた路地を黒猫が歩く。", Kind.GENERATE, 20, set()),
        ("月の上の猫", Kind.GENERATE, 20, {"bare_sentence"}),
        ("고양이가 눈 덮인 지붕 위를 걷는다, 바람 소리", Kind.ANIMATE, 20, set()),
        ("Кот идёт по крыше под дождём, вечер", Kind.GENERATE, 20, set()),
        (
            "Ein Mann sagt: „Wir haben vierzig Jahre auf diesen einen Tag gewartet, und jetzt regnet es.“",
            Kind.GENERATE,
            4,
            {"dialogue_too_long"},
        ),
        (
            "男が言う。「四十年もこの海で暮らしてきたのに、もう何も恋しくないんだ。」",
            Kind.GENERATE,
            4,
            {"dialogue_too_long"},
        ),
        ("男が言う。「四十年もこの海で暮らしてきたのに、もう何も恋しくないんだ。」", Kind.GENERATE, 8, set()),
    ],
)
def test_advice_fits_the_prompt(prompt: str, kind: Kind, length: int, wanted: set[str]) -> None:
    assert codes(prompt, kind=kind, length=length) == wanted


def test_a_silent_model_gets_no_advice_on_sound() -> None:
    assert codes(RAINY_CITY, has_sound=False) == {"no_camera"}
    assert codes(FISHERMAN, length=4, has_sound=False) == set()


def test_the_dialogue_s_advice_names_both_lengths() -> None:
    (advice,) = advise(FISHERMAN, kind=Kind.GENERATE, duration_s=4)

    assert "about 8 s" in advice.text
    assert "has 4 s" in advice.text


def test_what_is_spoken_is_not_looked_through_for_words() -> None:
    line = '"The music of the end, the sound of my camera, my voice!"'

    found = codes(f"A man in the rain at night turns {line}", length=20)

    assert found == {"no_ending", "no_camera", "voice_undescribed"}


@pytest.mark.parametrize(
    ("prompt", "lines"),
    [
        ("He says 'This is fun! You've got to try it - book and go!' Wind.", 1),
        ("Front-facing 'invisible' action-cam on a skydiver", 0),
        ("a man's hat, the dogs' bowls, rock 'n' roll", 0),
        ('a 5" screen and a 6" one', 0),
        ("“We made it,” she says. “All of us.”", 2),
        ("„Wir sind da.“ – «On est là.» – »Endlich da!«", 3),
        ("「やっと着いた」と彼女が言う", 1),
        ('She says: "Go"', 1),
        ('a shop sign "OPEN"', 0),
        ('an open " quotation', 0),
        ("", 0),
    ],
)
def test_what_is_spoken_is_known_by_its_quotation_marks(prompt: str, lines: int) -> None:
    assert len(spoken.dialogue(prompt)) == lines


def test_a_line_takes_as_long_as_it_takes_to_say() -> None:
    assert spoken.seconds("five words in two seconds") == pytest.approx(2.0)
    assert spoken.seconds("ありがとう") == pytest.approx(5 / 6)
    assert spoken.seconds("안녕하세요 여러분") == pytest.approx(8 / 6)
    assert spoken.seconds("") == 0


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("...", 0),
        ("one", 1),
        ("One. Two! Three", 3),
        ("Really?! Yes…", 2),
        ("at f/2.8 and 1.5 metres.", 1),
        ("雨。風！", 2),
    ],
)
def test_sentences_are_counted_in_any_script(text: str, count: int) -> None:
    assert spoken.sentences(text) == count


@pytest.mark.parametrize(
    ("text", "english"),
    [
        (RAINY_CITY, True),
        ("the café at the corner of the street", True),
        ("a boat at dawn", True),
        ("", False),
        ("a macska fut a haz mellett", False),
        ("Kot siedzi na murze, a pies to widzi", False),
        ("Han løber for at nå toget", False),
        ("De kat zit op het dak van de kerk", False),
        ("En mand gaar ind i huset for at sove", False),
        ("Il gatto a casa di notte", False),
        ("قطة تمشي في المطر", False),
    ],
)
def test_english_is_known_by_its_small_words(text: str, *, english: bool) -> None:
    assert is_english(spoken.words(text)) is english


def test_the_parts_stand_in_the_order_of_the_guide() -> None:
    prompt = compose(
        Parts(
            place="harbour at dawn, mist, documentary",
            sound="gulls, water on wood, no music",
            dialogue='He says softly: "I sold the boat."',
            action="an old fisherman walks along the dock",
            camera="low-angle tracking shot",
        )
    )

    assert prompt == (
        'low-angle tracking shot. an old fisherman walks along the dock. He says softly: "I sold the boat." '
        "gulls, water on wood, no music. harbour at dawn, mist, documentary."
    )


@pytest.mark.parametrize(
    ("typed", "composed"),
    [
        ("We made it", '"We made it".'),
        ("We made it!", '"We made it!"'),
        ("'We made it!'", "'We made it!'"),
        ("She whispers: we made it", 'She whispers: "we made it".'),
        ("She whispers: “we made it.”", "She whispers: “we made it.”"),
        ("やっと着いた", "「やっと着いた」。"),
        ("彼女：やっと着いた。", "彼女：「やっと着いた。」"),
        ("  two \n lines ", '"two lines".'),
        ("", ""),
        ("   ", ""),
    ],
)
def test_what_is_spoken_is_quoted_once(typed: str, composed: str) -> None:
    assert compose(Parts(dialogue=typed)) == composed
    if composed:
        assert len(spoken.dialogue(composed)) == 1 or len(typed.split()) <= spoken.NAMED_WORDS_MAX


@pytest.mark.parametrize(
    ("parts", "has_sound", "codes"),
    [
        (Parts(action="a fox jumps"), True, ["no_sound"]),  # too short to be known as English
        (Parts(action="Ein Fuchs springt durch den Schnee, die Kamera folgt ihm"), True, ["no_sound"]),
        (Parts(action="狐が雪の中を跳ぶ"), True, ["no_sound"]),
        (Parts(action="狐が雪の中を跳ぶ", sound="風の音"), True, []),
        (Parts(action="狐が雪の中を跳ぶ", dialogue="寒い"), True, []),
        (Parts(action="狐が雪の中を跳ぶ"), False, []),
        (Parts(action="a fox jumps over the wall with a bark"), True, []),  # the rules look themselves
    ],
)
def test_an_empty_field_for_sound_is_seen_in_every_language(
    parts: Parts, *, has_sound: bool, codes: list[str]
) -> None:
    assert [one.code for one in advise_on_parts(parts, [], has_sound=has_sound)] == codes


def test_empty_parts_leave_no_trace() -> None:
    assert compose(Parts()) == ""
    assert compose(Parts(action="  a cat  runs. ", place="\n")) == "a cat runs."


def test_parts_that_are_too_long_together_are_refused_and_never_cut() -> None:
    fits = Parts(camera="a" * 1_999, action="b" * 1_998)
    assert len(compose(fits)) == PROMPT_CHARS_MAX

    with pytest.raises(OrderRefused, match="4,001 characters"):
        compose(Parts(camera="a" * 1_999, action="b" * 1_999))


@given(st.text(max_size=300), st.sampled_from(Kind), st.integers(1, 60))
def test_no_prompt_upsets_it_and_every_piece_of_advice_is_said_once(
    prompt: str, kind: Kind, length: int
) -> None:
    found = advise(prompt, kind=kind, duration_s=length)

    assert len({one.code for one in found}) == len(found)
    assert all(one.text for one in found)


@given(*[st.text(max_size=200)] * 5)
def test_composing_keeps_every_visible_character(
    camera: str, action: str, dialogue: str, sound: str, place: str
) -> None:
    parts = Parts(camera=camera, action=action, dialogue=dialogue, sound=sound, place=place)

    prompt = iter("".join(compose(parts).split()))

    for typed in (camera, action, dialogue, sound, place):
        assert all(char in prompt for char in "".join(typed.split()))


def test_the_time_grows_with_the_length_and_no_faster() -> None:
    rng = random.Random(1)
    alphabet = string.ascii_letters + " \"'“”「」.!?:,;\n漢あ"

    def seconds(chars: int, text: str) -> float:
        prompt = (text * chars)[:chars]
        times = []
        for _ in range(3):
            began = time.perf_counter()
            advise(prompt, kind=Kind.GENERATE, duration_s=20)
            times.append(time.perf_counter() - began)
        return min(times)

    for text in ('"', "'a", "“”", ' "', ": '", "a.", "".join(rng.choices(alphabet, k=997))):
        short, long = seconds(3_000, text), seconds(24_000, text)
        assert long < 40 * short  # eight times the text; a square would be 64 times the time

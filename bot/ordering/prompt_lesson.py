"""How to write a prompt, on one screen: its parts in their order, what else helps, examples of our own."""

from dataclasses import dataclass

from bot.domain import Kind
from bot.language import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A prompt that follows the rules, for a clip of that kind and length."""

    title: str
    prompt: str
    kind: Kind
    duration_s: int


def parts() -> list[str]:
    """What a prompt is made of, the first first; in the reader's language, as all here."""
    return [
        _("**Camera and framing**: the angle, the lens, how it moves (“low angle, slow dolly in”)"),
        _("**Subject and action**: who or what, and what happens"),
        _("**Dialogue** in quotation marks, and how it is spoken; two to four sentences at most"),
        _("**Sound**: the noises of the place, and music or “no music”"),
        _("**Place and light**: where, the time of day, the weather"),
        _("**Style and mood**: documentary, dreamy, energetic"),
    ]


def hints() -> list[str]:
    """What else makes a clip better."""
    return [
        _("Two to five short sentences are enough: camera and subject first, and room for the sound."),
        _("What you leave open the model chooses. Say also what you do not want: “no background music”."),
        _("About five words can be spoken in two seconds."),
        _("A clip of 15 seconds or more needs an ending: “End on …”."),
        _("From a picture, say only what moves and what is heard: the picture shows the rest."),
        _("Try it short and at the lowest resolution first; make it long and sharp when it is right."),
    ]


def examples() -> list[Example]:
    """Prompts to begin with."""
    return [
        Example(
            title=_("Simple, 4 s"),
            prompt=_(
                "Wide shot of a tram that turns into a wet street at dusk, sparks on the wire. Rails squeal, "
                "rain on metal, no music."
            ),
            kind=Kind.GENERATE,
            duration_s=4,
        ),
        Example(
            title=_("With dialogue, 8 s"),
            prompt=_(
                "Handheld close-up of a baker who breaks the first loaf of the night, steam on the lens. "
                "She says softly, half to herself: “The first one is never pretty. It is always the best.” "
                "Crackling crust, an oven fan, a radio far away, no other music. Small bakery at four in the "
                "morning, one warm lamp. Documentary, tired and content. End on her smile."
            ),
            kind=Kind.GENERATE,
            duration_s=8,
        ),
        Example(
            title=_("From a picture, 4 s"),
            prompt=_(
                "The camera slowly pulls back while the curtains begin to billow and the candle goes out. "
                "Wind in the chimney, a door creaks, no music."
            ),
            kind=Kind.ANIMATE,
            duration_s=4,
        ),
    ]

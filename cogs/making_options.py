"""What the commands that make clips have in common: what options take, and what the picker says of them."""

from collections.abc import Mapping

from discord.app_commands import Range, locale_str

from bot.domain import PROMPT_CHARS_MAX, TAKES_MAX
from bot.offers.options import SEED_MAX

Prompt = Range[str, 1, PROMPT_CHARS_MAX]
Seed = Range[int, 0, SEED_MAX]
Takes = Range[int, 1, TAKES_MAX]

OF_EVERY_ORDER: Mapping[str, locale_str] = {
    "seed": locale_str("The same number with the same words makes the same video, where the model can"),
    "takes": locale_str("How many clips of it, each at the same price"),
    "private": locale_str(
        "Only you see the clip: here for 15 minutes, then in /clips, where you can publish it"
    ),
    "spoiler": locale_str("Hide the clip until it is clicked"),
}
OF_A_CAST: Mapping[str, locale_str] = {
    "character1": locale_str("Somebody of yours or of this server who is in it; name them in the prompt"),
    "character2": locale_str("Somebody else who is in it"),
}
OF_A_PICTURE: Mapping[str, locale_str] = {
    "fit": locale_str("What happens to a picture of another shape: cut off what is too much, or add bars"),
}
OF_A_CLIP: Mapping[str, locale_str] = {
    "clip": locale_str("One of yours or of this channel; type some of its words"),
}
OF_A_LENGTH: Mapping[str, locale_str] = {
    "duration": locale_str("How many seconds; the shortest (and cheapest) if you leave this out"),
}
OF_A_DRAFT: Mapping[str, locale_str] = {
    "draft": locale_str("The model's lowest price first; Make final orders it at its best later"),
}
OF_A_NEW_CLIP: Mapping[str, locale_str] = {
    "resolution": locale_str("How sharp it is; the lowest (and cheapest) if you leave this out"),
    **OF_A_LENGTH,
    **OF_A_DRAFT,
}

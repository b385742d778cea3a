"""An order in the words of one of fal's endpoints."""

from dataclasses import replace

from bot.domain import Fault, Order
from bot.providers.protocol import Wire
from bot.providers.wording import Worded, worded

USUAL = {
    "prompt": "prompt",
    "duration": "duration",
    "resolution": "resolution",
    "aspect_ratio": "aspect_ratio",
    "picture": "image_url",
    "video": "video_url",
}
"""The names that most endpoints use. `characters`, `remixable` and `blocks_ip` are Sora's alone, as
`character_ids`, `delete_video` and `detect_and_block_ip`: they are sent where the wire names them. A field
for `video` that ends in `_id` takes the provider's own id of the clip (Sora's remix), any other its address.
"""


def in_fals_words(order: Order, wire: Wire) -> Worded | Fault:
    """The order's fields; a fault where the endpoint has no place for one that was ordered.

    The field for `remixable` says whether to delete, so it is sent the other way round.
    """
    words = worded(order, wire, USUAL)
    deletes = wire.fields.get("remixable")
    if isinstance(words, Fault) or not deletes:
        return words
    return replace(words, fields={**words.fields, deletes: not order.remixable})

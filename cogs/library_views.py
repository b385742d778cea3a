"""How the library looks: its pages, and a clip with its family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.catalogue import Described
from bot.clips.family import Family, Relative
from bot.clips.library import Aisle, Page, Shelved
from bot.clips.packing import Packed
from bot.delivery import Link, Post, clip_nonce
from bot.domain import Clip, Job, JobId, JobState, Kind, Order
from bot.language import _, ngettext
from bot.ordering.material import last_frame_id
from bot.quoting import escaped, quoted, shortened, whole_lines
from cogs import sentences
from cogs.advising import PROMPT_UNITS_SHOWN
from cogs.buttons import DetailsButton
from cogs.cards import clip_alt, clip_file_name, clip_url
from cogs.clip_buttons import Act, ClipButton
from cogs.copies import smaller
from cogs.library_buttons import PageButton, ShelfAct, ShelfButton
from cogs.making_buttons import Action, MakingButton, under_clip

PROMPT_UNITS_ON_PAGE = 160
PROMPT_UNITS_IN_FAMILY = 40
FAMILY_UNITS_MAX = 2_200
FAMILY_FILE = "family.png"

_GOLD, _GREEN, _GREY = 0xFAA81A, 0x3BA55D, 0x80848E


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """What is seen of a clip in a list: its player at an address, or a small picture that is attached.

    Both are None where neither can be had.
    """

    player: str | None = None
    attached: str | None = None

    @property
    def url(self) -> str | None:
        """Where a gallery finds it."""
        return self.player or (None if self.attached is None else f"attachment://{self.attached}")


def thumbnail_name(job_id: JobId) -> str:
    """The name under which a small picture is attached."""
    return f"clip-{job_id}.jpg"


def page_view(page: Page, stills: Mapping[JobId, Still], described: Mapping[str, Described]) -> ui.LayoutView:
    """A page of what was found, or why there is nothing."""
    parts: list[ui.Item[Any]] = [ui.TextDisplay(f"### {_title(page)}\n{_found(page, described)}")]
    for one in page.shelved:
        parts.append(ui.Separator(visible=True))
        text = ui.TextDisplay[ui.LayoutView](_line(one, described[one.job.order.model]))
        parts.append(ui.Section(text, accessory=ShelfButton(ShelfAct.SHOW, one.job.id)))
        url = stills[one.job.id].url
        if url is not None:
            parts.append(ui.MediaGallery(_item(url, one.job, described[one.job.order.model].label)))
    if page.pages > 1:
        number = page.number
        parts.append(
            ui.ActionRow(
                # A page that is not there has the number of one that is on no other button.
                PageButton(
                    page.search.id, number - 1 or page.pages + 1, label=_("Previous"), disabled=number == 1
                ),
                PageButton(
                    page.search.id,
                    number + 1 if number < page.pages else page.pages + 2,
                    label=_("Next"),
                    disabled=number == page.pages,
                ),
            )
        )
    return _view(ui.Container(*parts, accent_colour=_GOLD if page.search.aisle is Aisle.BEST else _GREEN))


def clip_view(
    shelved: Shelved,
    still: Still,
    model: Described,
    family: Family,
    *,
    price: str,
    own: bool,
    can_extend: bool,
    way: Sequence[ui.Item[Any]] = (),
    link: Link | None = None,
) -> ui.LayoutView:
    """One clip with its family, and what can be done with it.

    `still` is its player, or a small picture; `price` says what it cost; `own` is whether the one who looks
    at it ordered it; `way` is said of how its file comes, and `link` leads to that.
    """
    job = shelved.job
    parts: list[ui.Item[Any]] = [ui.TextDisplay(quoted(job.order.prompt, PROMPT_UNITS_SHOWN))]
    if still.url is not None:
        parts.append(ui.MediaGallery(_item(still.url, job, model.label)))
    parts += way
    facts = [
        f"{sentences.settings(model.name, job.order)} · {sentences.made_by(model.label)}",
        f"{price} · {_by(job)}",
        _standing(shelved),
    ]
    parts.append(ui.TextDisplay("\n".join(f"-# {fact}" for fact in facts if fact)))
    if len(family.relatives) > 1:
        alt = shortened(_("The family of this clip; the list below says the same in words."), 256)
        drawing = discord.MediaGalleryItem(
            f"attachment://{FAMILY_FILE}", description=alt, spoiler=family.spoiler
        )
        parts += [ui.Separator(), ui.TextDisplay("### " + _("Its family")), ui.MediaGallery(drawing)]
        parts.append(ui.TextDisplay(family_text(family)))
    rows = [
        ui.ActionRow(*under_clip(job, can_extend=can_extend)),
        ui.ActionRow(*_buttons(shelved, own=own, link=link)),
    ]
    return _view(ui.Container(*parts, *rows, accent_colour=_GREEN))


def sent_view(shelved: Shelved, label: str, packed: Packed | None) -> ui.LayoutView:
    """A clip that is sent again, for one member alone; `packed` is None where it goes in no way."""
    job = shelved.job
    parts: list[ui.Item[Any]] = []
    if packed is not None and packed.path is not None:
        parts.append(ui.MediaGallery(_item(f"attachment://{clip_file_name(job.id)}", job, label)))
    parts += way_told(packed, shelved.clip)
    if packed is not None and packed.link is not None:
        parts.append(ui.ActionRow(ui.Button(label=_("Watch the clip"), url=packed.link.url)))
    told = _("From the stored file, for you alone. It cost nothing.")
    parts.append(ui.TextDisplay(f"-# {sentences.made_by(label)}\n-# {told}"))
    return _view(ui.Container(*parts, accent_colour=_GREEN))


def way_told(packed: Packed | None, clip: Clip) -> list[ui.Item[Any]]:
    """What is to be said of how a clip comes to one member alone."""
    if packed is None:
        return [ui.TextDisplay(sentences.too_large(clip))]
    if packed.link is not None:
        return [ui.TextDisplay(sentences.link(packed.link, way=_("/clips")))]
    return [] if packed.smaller is None else [ui.TextDisplay(f"-# {smaller(packed.smaller)}")]


def hung_view(post: Post, stars: int, *, shown: bool) -> ui.LayoutView:
    """A clip in the gallery of its server, or that it is hidden there."""
    job = post.job
    if not shown:
        told = _("This clip was reported. It is hidden until a moderator has looked.")
        parts: list[ui.Item[Any]] = [ui.TextDisplay(told)]
    else:
        # Nobody changes the message when likes come and go, so it says what stays true.
        liked = ngettext(
            "{n} person liked it when it came here", "{n} people liked it when it came here", stars
        ).format(n=stars)
        facts = [f"{escaped(post.model_name)} · {sentences.made_by(post.label)}", f"{_by(job)} · {liked}"]
        parts = [
            ui.TextDisplay(quoted(job.order.prompt, PROMPT_UNITS_SHOWN)),
            ui.MediaGallery(_item(f"attachment://{clip_file_name(job.id)}", job, post.label)),
            ui.TextDisplay("\n".join(f"-# {fact}" for fact in facts)),
        ]
    buttons: list[ui.Item[Any]] = []
    if shown and (url := clip_url(job)) is not None:
        buttons.append(ui.Button(label=_("To its message"), url=url))
    # The mark by which the message is found again is on it whatever it shows.
    buttons += [ShelfButton(ShelfAct.HUNG, job.id), ShelfButton(ShelfAct.HEART, job.id)]
    if shown:
        buttons.append(MakingButton(Action.REMIX, job.id))
    buttons.append(ClipButton(Act.REPORT, job.id))
    return _view(ui.Container(*parts, ui.ActionRow(*buttons), accent_colour=_GOLD if shown else _GREY))


def family_text(family: Family) -> str:
    """The family in words, one line each, as far as there is room."""
    lines = [_relative(one) for one in family.relatives]
    shown = whole_lines(lines, FAMILY_UNITS_MAX)
    more = ["-# " + _("… and more")] if family.more or shown < len(lines) else []
    return "\n".join([*lines[:shown], *more])


def kind_word(kind: Kind) -> str:
    """How a clip came to be."""
    match kind:
        case Kind.GENERATE:
            return _("made from words")
        case Kind.ANIMATE:
            return _("made from a picture")
        case Kind.REMIX:
            return _("remixed")
        case Kind.EXTEND:
            return _("extended")
        case Kind.CHARACTER:
            return _("a character")


def _made(order: Order) -> str:
    """How one clip came to be, also where it was made from another."""
    made_from = order.source_job_id
    if made_from is None or order.kind not in (Kind.GENERATE, Kind.ANIMATE):
        return kind_word(order.kind)
    if order.source is not None and order.source.path.name.startswith(last_frame_id(made_from)):
        return _("made from the last frame")
    return _("final of a draft")


def _relative(one: Relative) -> str:
    indent = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} " * one.depth
    if one.job is not None:
        order = one.job.order
        words = escaped(shortened(order.prompt, PROMPT_UNITS_IN_FAMILY))
        told = f"{words} · {_take_of(one.job)}{_made(order)} · {sentences.ago(one.job.created_at)}"
    elif one.picture is not None:
        told = _("the picture that it began with")
    else:
        told = _("not shown to you")
    line = f"-# {indent}{one.number}. {told}"
    return f"{line} · **{_('this one')}**" if one.present else line


def _title(page: Page) -> str:
    match page.search.aisle:
        case Aisle.MINE:
            return _("Your clips")
        case Aisle.SERVER:
            return _("This server's clips")
        case Aisle.FAVOURITES:
            return _("Your favourites")
        case Aisle.BEST:
            return _("This server's best")


def _found(page: Page, described: Mapping[str, Described]) -> str:
    if not page.total:
        return _nothing(page)
    search = page.search
    told = ngettext("{n} clip", "{n} clips", page.total).format(n=page.total)
    if page.pages > 1:
        told += " · " + _("page {n} of {pages}").format(n=page.number, pages=page.pages)
    if search.words:
        told += " · " + _("with {words}").format(words=escaped(search.words))
    if search.model is not None:
        name = described[search.model].name if search.model in described else search.model
        told += f" · {escaped(name)}"
    if search.kind is not None:
        told += f" · {kind_word(search.kind)}"
    if search.member_id is not None:
        told += f" · <@{search.member_id}>"
    if search.month is not None:
        told += f" · {search.month:%Y-%m}"
    return f"-# {told}"


def _nothing(page: Page) -> str:
    search = page.search
    if search.words or search.model or search.kind or search.member_id or search.month:
        return _("Nothing was found. Nothing was charged. Try fewer words or filters.")
    match search.aisle:
        case Aisle.MINE:
            return _("You have no clips yet. Nothing was charged. /generate makes your first.")
        case Aisle.SERVER:
            return _("There are no clips here that you can see. Nothing was charged. /generate makes one.")
        case Aisle.FAVOURITES:
            return _("You have no favourites yet. Nothing was charged. Press Favourite below a clip.")
        case Aisle.BEST:
            return _(
                "Nobody has liked a clip here yet. Nothing was charged. React to one with any emoji, and it "
                "counts."
            )


def _line(one: Shelved, model: Described) -> str:
    job = one.job
    words = quoted(shortened(job.order.prompt, PROMPT_UNITS_ON_PAGE), 2 * PROMPT_UNITS_ON_PAGE)
    seconds = _("{n} s").format(n=(one.clip.duration_ms + 500) // 1_000)
    facts = [f"{_take_of(job)}{escaped(model.name)} · {seconds} · {_made(job.order)}", _by(job)]
    if (standing := _standing(one)) != "":
        facts.append(standing)
    return words + "\n" + "\n".join(f"-# {fact}" for fact in facts)


def _standing(one: Shelved) -> str:
    told = []
    if one.stars:
        told.append(ngettext("{n} person likes it", "{n} people like it", one.stars).format(n=one.stars))
    if one.favourite:
        told.append(_("your favourite"))
    if one.job.state is JobState.UNDELIVERABLE:
        told.append(_("only you see it"))
    return " · ".join(told)


def _take_of(job: Job) -> str:
    """Which of several takes it is, whose words are all the same; else nothing."""
    if job.order.takes == 1:
        return ""
    return _("take {n} of {takes}").format(n=job.take, takes=job.order.takes) + " · "


def _by(job: Job) -> str:
    return _("by {member} {when}").format(
        member=f"<@{job.order.member.user_id}>", when=sentences.ago(job.created_at)
    )


def _buttons(shelved: Shelved, *, own: bool, link: Link | None) -> list[ui.Item[Any]]:
    job = shelved.job
    buttons: list[ui.Item[Any]] = []
    if link is not None:
        buttons.append(ui.Button(label=_("Watch the clip"), url=link.url))
    elif job.state is JobState.POSTED:
        buttons.append(ShelfButton(ShelfAct.GET, job.id))
    if job.state is JobState.POSTED and (url := clip_url(job)) is not None:
        buttons.append(ui.Button(label=_("To its message"), url=url))
    if own and job.state is JobState.UNDELIVERABLE and job.order.member.in_server:
        buttons.append(ClipButton(Act.PUBLISH, job.id))
    buttons.append(ShelfButton(ShelfAct.HEART, job.id, on=shelved.favourite))
    buttons.append(DetailsButton(clip_nonce(job.id)))
    buttons.append(ClipButton(Act.DELETE if own else Act.REPORT, job.id))
    return buttons[:5]


def _item(url: str, job: Job, label: str) -> discord.MediaGalleryItem:
    return discord.MediaGalleryItem(url, description=clip_alt(job, label), spoiler=job.order.spoiler)


def _view(container: ui.Container[Any]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return view

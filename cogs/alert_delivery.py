"""Alerts into the channel that a server's managers chose; see `bot.spend.alerts.Billboard`."""

import discord
from discord import ui

from bot.domain import ChannelId, GuildId, MessageId
from bot.errors import ClipTooLarge
from bot.language import _
from bot.money import with_display
from bot.spend.alerts import Alert, Posted, alert_nonce
from bot.spend.distributing import every
from cogs import readers
from cogs.alert_button import AlertButton
from cogs.answers import said, without_files
from cogs.budget_words import whose
from cogs.channels import find_ours, from_about, marked, writable
from cogs.faults import faults
from cogs.spend_view import channel_names, report_view

_AMBER, _RED = 0xE69F00, 0xD83C3E


class AlertDelivery:
    """`bot.spend.alerts.Billboard` through a signed-in client.

    Args:
        play_money: whether prices are for trying out only; statements say so.
    """

    def __init__(self, client: discord.Client, *, play_money: bool) -> None:
        self._client = client
        self._play_money = play_money

    async def introduce(self, channel_id: ChannelId, guild_id: GuildId, *, nonce: str) -> None:
        """Say in a channel that alerts come here, which proves that they can.

        Raises:
            DeliveryRefused: they cannot.
        """
        with faults(self._client), readers.of_server(self._client, guild_id):
            told = _(
                "From now on this channel reads how this server's money goes: at 50, 80 and 100 % of each "
                "limit, and a statement when a month is over."
            )
            await writable(self._client, channel_id).send(view=said(told), nonce=nonce)

    async def post_alert(self, posted: Posted) -> MessageId:
        """See `Billboard.post_alert`."""
        alert = posted.alert
        channel = writable(self._client, posted.channel_id)
        with readers.of_server(self._client, alert.guild_id):
            if posted.report is None:
                view, files = warning_view(alert), list[discord.File]()
            else:
                view, files = await report_view(
                    posted.report,
                    channel_name=channel_names(self._client.get_guild(alert.guild_id)),
                    guild_name=str,
                    play_money=self._play_money,
                    title=_("The statement of {month}").format(month=f"{alert.starts_on:%Y-%m}"),
                    row=[AlertButton(alert.id)],
                )
        try:
            with faults(self._client):
                message = await channel.send(view=view, files=files, nonce=alert_nonce(alert))
        except ClipTooLarge:  # the numbers say it too
            with readers.of_server(self._client, alert.guild_id):
                view = without_files(view)
            with faults(self._client):
                message = await channel.send(view=view, nonce=alert_nonce(alert))
        return MessageId(message.id)

    async def find_alert(self, channel_id: ChannelId, alert: Alert) -> MessageId | None:
        """See `Billboard.find_alert`."""
        since = from_about(alert.tried_at or alert.at)
        return await find_ours(self._client, channel_id, since, marked(f"alert:{alert.id}"))


def warning_view(alert: Alert) -> ui.LayoutView:
    """How much of which limit is used."""
    name = whose(alert.scope, alert.scope_id)
    used, limit = with_display(alert.used_micros), with_display(alert.limit_micros)
    if alert.percent >= 100:
        head = _("A budget is used up")
        do = _("Nothing more is sold from it until it starts anew or somebody raises it with /budget set.")
    else:
        head = _("{percent} % of a budget are used").format(percent=alert.percent)
        do = _("Nothing to do: orders go on until it is used up.")
    told = _("{whose}: {used} of {limit} {every} are spent or set aside.").format(
        whose=name, used=used, limit=limit, every=every(alert.period)
    )
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.Container(
            ui.TextDisplay(f"### {head}\n{told}\n{do}"),
            ui.ActionRow(AlertButton(alert.id)),
            accent_colour=_RED if alert.percent >= 100 else _AMBER,
        )
    )
    return view

"""What people may ask about their own data: the policy, an export, an erasure; and what keeps its limits."""

import secrets
from datetime import timedelta
from functools import partial

from bot.assembly.buying import Buying
from bot.assembly.ground import Ground
from bot.assembly.showing import Showing
from bot.offers import keys
from bot.privacy.erasing import Erasing
from bot.privacy.export_links import ExportLinks
from bot.privacy.exporting import Exporting
from bot.privacy.forgetting import Forgetting, Limits
from bot.privacy.policy import operators_words, policy
from bot.worker import Worker
from cogs.privacy import Privacy, privacy


def opened(ground: Ground, buying: Buying, showing: Showing, worker: Worker) -> ExportLinks | None:
    """The commands and the duties; the way to exports, where there is an address of our own.

    Raises:
        SettingsError: the operator's own words cannot be read.
    """
    config, database, client, now = ground.config, ground.database, buying.client, ground.now
    links = None
    if config.public_url is not None:
        links = ExportLinks(public_url=config.public_url, folder=ground.folder)
    exporting = Exporting(database, folder=ground.folder, now=now)
    erasing = Erasing(
        database,
        folder=ground.folder,
        ids=ground.ids,
        random_bits=secrets.randbits,
        now=now,
        wake=showing.removals.wake,
        cancelled=worker.wake,
        gone=partial(showing.removing.takedowns.go, ()),
    )
    words = operators_words(config.policy_file)
    client.privacy = Privacy(
        partial(policy, config, keys.names(config), words),
        exporting,
        erasing,
        limit=showing.packing.limit,
        refused=showing.packing.refused,
        new_name=ground.ids.new,
        links=links,
    )
    client.tree.add_command(privacy(client.privacy))
    keep_days = config.prompts_keep_days
    forgetting = Forgetting(
        database,
        Limits(
            prompts=None if keep_days is None else timedelta(days=keep_days),
            pictures=timedelta(days=config.pictures_keep_days),
            texts=timedelta(days=config.texts_keep_days),
        ),
        folder=ground.folder,
        now=now,
        more=exporting.sweep,
    )
    ground.duties.update({"erasures": erasing.run, "forgetting": forgetting.run})
    return links

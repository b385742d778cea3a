"""Where providers' hosts are reached: at their own addresses, or at a proxy or emulator in their place."""

from collections.abc import Collection, Mapping

from yarl import URL

HOSTS = (
    "queue.fal.run",
    "rest.fal.ai",
    "v3.fal.media",
    "api.fal.ai",
    "api.replicate.com",
    "replicate.delivery",
    "api.lumenfall.ai",
    "media.lumenfall.ai",
    "inference.prodia.com",
)
"""Those to which keys are sent, and from which files come."""


def moved(address: str, origins: Mapping[str, str]) -> str:
    """A provider's own address, at the origin that stands in for its host's."""
    url = URL(address)
    stand_in = origins.get(url.host or "")
    return address if stand_in is None else stand_in + url.raw_path_qs.removesuffix("/")


def files_from(hosts: Collection[str], origins: Mapping[str, str]) -> tuple[str, ...]:
    """The hosts of finished files, with what stands in for any of them."""
    more = {
        URL(origin).host or ""
        for host, origin in origins.items()
        if any(host == name or host.endswith(f".{name}") for name in hosts)
    }
    return (*hosts, *sorted(more - {*hosts, ""}))

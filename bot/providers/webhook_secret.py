"""The `whsec_…` secret of Standard Webhooks: apart from the signatures, so that settings need no HTTP."""

import base64
import binascii

from bot.errors import SettingsError

_BYTES_MIN = 16


def key_of(secret: str) -> bytes:
    """The bytes of a `whsec_…` secret.

    Raises:
        SettingsError: it is no such secret, or so short that it could be guessed.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_").encode("ascii"), validate=True)
    except (ValueError, binascii.Error) as wrong:
        raise SettingsError("a webhook secret is whsec_ and then Base64") from wrong
    if not secret.startswith("whsec_") or len(key) < _BYTES_MIN:
        raise SettingsError("a webhook secret is whsec_ and then at least 16 bytes in Base64")
    return key

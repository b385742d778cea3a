"""The child process that signs a copy of a clip with content credentials (C2PA).

`python -m bot.clips.credentials_child INTO COPY ORIGINAL CERTIFICATE KEY ALGORITHM LABEL` writes the signed
copy, in whose manifest the original is the parent, with its own credentials where it has some. It prints
`{"signed": true}`, or `{"unsigned": why}`. Nothing is asked of the network: no time stamp, no list.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.confinement import confine

_MEMORY_BYTES_MAX = 4 << 30  # the library reserves address space for its threads
_CPU_S_MAX = 120
_FILE_BYTES_MAX = 1 << 30

GENERATOR = {"name": "Dailies"}
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""What the International Press Telecommunications Council calls a work of a model."""


def sign(
    into: Path, copy: Path, original: Path, *, certificate: str, key: str, algorithm: str, label: str
) -> None:
    """Write the signed copy."""
    import c2pa  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra, installed only where somebody signs

    c2pa.load_settings({"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}})
    info = c2pa.C2paSignerInfo(
        algorithm.encode(), Path(certificate).read_bytes(), Path(key).read_bytes(), None
    )
    manifest = {
        "claim_generator_info": [GENERATOR],
        "title": copy.name,
        "format": "video/mp4",
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {
                    "actions": [
                        {"action": "c2pa.opened", "parameters": {"ingredientIds": ["original"]}},
                        {"action": "c2pa.transcoded", "digitalSourceType": TRAINED, "description": label},
                    ]
                },
            }
        ],
    }
    parent = {"title": original.name, "relationship": "parentOf", "label": "original"}
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(manifest)) as builder:
        with original.open("rb") as source:
            builder.add_ingredient(json.dumps(parent), "video/mp4", source)
        with copy.open("rb") as source, into.open("w+b") as signed:
            builder.sign(signer, "video/mp4", source, signed)


def main(arguments: Sequence[str]) -> None:
    """Sign, and print what came of it."""
    confine(memory_bytes_max=_MEMORY_BYTES_MAX, cpu_s_max=_CPU_S_MAX, file_bytes_max=_FILE_BYTES_MAX)
    match arguments:
        case [into, copy, original, certificate, key, algorithm, label]:
            pass
        case _:
            raise SystemExit(2)
    try:
        sign(
            Path(into),
            Path(copy),
            Path(original),
            certificate=certificate,
            key=key,
            algorithm=algorithm,
            label=label,
        )
    except Exception as fault:  # noqa: BLE001 - the parent logs it, and sends the copy without credentials
        sys.stdout.write(json.dumps({"unsigned": f"{type(fault).__name__}: {fault}"[:300]}))
        return
    sys.stdout.write(json.dumps({"signed": True}))


if __name__ == "__main__":
    main(sys.argv[1:])

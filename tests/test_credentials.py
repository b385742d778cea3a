"""Content credentials: kept where bytes are, given anew to a copy; c2pa's own reader is the judge."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import c2pa  # type: ignore[import-untyped]  # it has no types
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bot.clips.credentials import Credentials
from bot.clips.fitting import Fitting, Touch
from bot.errors import SettingsError
from tests.films import comment_of, film

MIB = 1 << 20
GREYS = [40 + 3 * number for number in range(24)]
LABEL = "AI-generated"


def _name(who: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tests"), x509.NameAttribute(NameOID.COMMON_NAME, who)]
    )


def _certificate(who: str, key: Any, issuer: str, issuers_key: Any, *, ca: bool) -> x509.Certificate:
    begun = datetime.now(UTC) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(who))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuers_key.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=not ca,
                key_cert_sign=ca,
                crl_sign=ca,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if not ca:
        wanted = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(wanted, critical=False)
    return builder.sign(issuers_key, hashes.SHA256())


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    """A certificate of a CA of our own, as an operator would have it from a real one."""
    folder = tmp_path_factory.mktemp("ca")
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Root", root_key, "Root", root_key, ca=True)
    leaf = _certificate("Signer", key, "Root", root_key, ca=False)
    pem = serialization.Encoding.PEM
    (folder / "chain.pem").write_bytes(leaf.public_bytes(pem) + root.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Credentials(certificate=folder / "chain.pem", key=folder / "key.pem", algorithm="es256")


def given_by_provider(clip: Path, signer: Credentials) -> Path:
    """The clip with credentials as a provider puts them in."""
    info = c2pa.C2paSignerInfo(b"es256", signer.certificate.read_bytes(), signer.key.read_bytes(), None)
    made = {"actions": [{"action": "c2pa.created", "digitalSourceType": c2pa_source()}]}
    manifest = {
        "claim_generator_info": [{"name": "A Provider"}],
        "assertions": [{"label": "c2pa.actions", "data": made}],
    }
    into = clip.with_name("given.mp4")
    with c2pa.Builder(json.dumps(manifest)) as builder, c2pa.Signer.from_info(info) as with_:
        builder.sign_file(clip, into, with_)
    return into


def c2pa_source() -> str:
    return "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def read(path: Path) -> tuple[dict[str, Any], str]:
    """All manifests of a file, and the reader's verdict."""
    with c2pa.Reader(str(path)) as reader:
        return json.loads(reader.json()), str(reader.get_validation_state())


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_what_fits_goes_byte_for_byte_with_its_credentials(tmp_path: Path, signer: Credentials) -> None:
    clip = given_by_provider(film(tmp_path / "clip.mp4", GREYS), signer)
    before = clip.read_bytes()

    fitted = await Fitting(credentials=signer).fit(
        clip, tmp_path / "fitted.mp4", limit_bytes=MIB, comment=LABEL
    )

    assert fitted.touch is Touch.NONE
    assert fitted.path.read_bytes() == before
    manifests, verdict = read(fitted.path)
    assert verdict in {"Valid", "Trusted"}
    assert (
        manifests["manifests"][manifests["active_manifest"]]["claim_generator_info"][0]["name"]
        == "A Provider"
    )


async def test_a_copy_loses_its_credentials_where_nobody_signs(tmp_path: Path, signer: Credentials) -> None:
    clip = given_by_provider(film(tmp_path / "clip.mp4", GREYS, movflags=""), signer)

    fitted = await Fitting().fit(clip, tmp_path / "fitted.mp4", limit_bytes=MIB, comment=LABEL)

    if fitted.touch is not Touch.NONE:
        with pytest.raises(c2pa.C2paError):
            read(fitted.path)


@pytest.mark.parametrize("given", [True, False], ids=["with credentials", "without"])
async def test_a_copy_is_signed_and_names_its_original(
    tmp_path: Path,
    signer: Credentials,
    given: bool,  # noqa: FBT001 - a row of a table
) -> None:
    clip = film(tmp_path / "clip.mp4", [128] * 48, size=(320, 240), fps=24, noise=60)
    if given:
        clip = given_by_provider(clip, signer)
    limit_bytes = clip.stat().st_size // 2

    fitted = await Fitting(credentials=signer).fit(
        clip, tmp_path / "fitted.mp4", limit_bytes=limit_bytes, comment=LABEL
    )

    assert fitted.touch is Touch.ENCODED
    assert fitted.size_bytes == fitted.path.stat().st_size <= limit_bytes
    manifests, verdict = read(fitted.path)
    assert verdict in {"Valid", "Trusted"}
    active = manifests["manifests"][manifests["active_manifest"]]
    assert active["claim_generator_info"][0]["name"] == "Dailies"
    (parent,) = active["ingredients"]
    assert (parent["relationship"], parent["title"]) == ("parentOf", clip.name)
    assert len(manifests["manifests"]) == (2 if given else 1)
    actions = [one for each in active["assertions"] for one in each["data"].get("actions", [])]
    assert [one["action"] for one in actions] == ["c2pa.opened", "c2pa.transcoded"]
    assert actions[1]["digitalSourceType"] == c2pa_source()
    assert comment_of(fitted.path) == LABEL
    assert names_in(tmp_path) == sorted({"clip.mp4", clip.name, "fitted.mp4"})


async def test_a_signed_copy_that_was_changed_is_found_out(tmp_path: Path, signer: Credentials) -> None:
    clip = film(tmp_path / "clip.mp4", [128] * 48, size=(320, 240), fps=24, noise=60)
    fitted = await Fitting(credentials=signer).fit(
        clip, tmp_path / "fitted.mp4", limit_bytes=clip.stat().st_size // 2, comment=LABEL
    )
    data = bytearray(fitted.path.read_bytes())
    at = data.rindex(b"mdat") + 5_000
    data[at] ^= 0xFF
    fitted.path.write_bytes(data)

    assert read(fitted.path)[1] == "Invalid"


async def test_where_signing_fails_the_copy_goes_without_and_the_log_says_so(
    tmp_path: Path, signer: Credentials, caplog: pytest.LogCaptureFixture
) -> None:
    clip = film(tmp_path / "clip.mp4", [128] * 48, size=(320, 240), fps=24, noise=60)
    (tmp_path / "bad.pem").write_text("no key")
    bad = Credentials(certificate=signer.certificate, key=tmp_path / "bad.pem", algorithm="es256")

    fitted = await Fitting(credentials=bad).fit(
        clip, tmp_path / "fitted.mp4", limit_bytes=clip.stat().st_size // 2, comment=LABEL
    )

    assert fitted.touch is Touch.ENCODED
    assert fitted.path.is_file()
    with pytest.raises(c2pa.C2paError):
        read(fitted.path)
    assert "sent without credentials" in caplog.text


def test_a_file_that_is_not_there_is_told_by_the_settings_name(tmp_path: Path, signer: Credentials) -> None:
    signer.check()
    with pytest.raises(SettingsError, match="DAILIES_C2PA_KEY_PATH"):
        Credentials(certificate=signer.certificate, key=tmp_path / "none", algorithm="es256").check()


def test_the_extra_is_not_loaded_where_nobody_signs() -> None:
    loaded = "import sys, bot.clips.fitting, bot.clips.credentials; print('c2pa' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "False"

"""What ships beside the program: the image's recipe, compose.yaml, the systemd unit, the manifests."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from bot.__main__ import CONFIG_EXIT
from bot.release import RELEASE
from tests import contents
from tests.image_check import hadolint, words_of

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
UNIT = ROOT / ".deploy" / "dailies.service"
KUBERNETES = ROOT / ".deploy" / "kubernetes.yaml"
BIN = Path(sys.executable).parent


def manifests() -> dict[str, Any]:
    return {each["kind"]: each for each in yaml.safe_load_all(KUBERNETES.read_text("utf-8"))}


def service() -> dict[str, Any]:
    composed: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    dailies: dict[str, Any] = composed["services"]["dailies"]
    return dailies


def settings_of_unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.skipif(not (BIN / "hadolint").exists(), reason="hadolint has no build for this machine")
def test_the_linter_has_nothing_to_say_of_the_dockerfile() -> None:
    assert hadolint() == ""


def test_the_image_needs_no_shell_and_no_root() -> None:
    uid, gid = words_of(DOCKERFILE, "USER")[0].split(":")

    assert int(uid) > 0
    assert int(gid) > 0
    for form in (*words_of(DOCKERFILE, "ENTRYPOINT"), *words_of(DOCKERFILE, "CMD")):
        assert isinstance(json.loads(form), list)


def test_a_proxy_outside_the_container_reaches_the_port_for_webhooks() -> None:
    (said,) = words_of(DOCKERFILE, "ENV")
    (container,) = manifests()["StatefulSet"]["spec"]["template"]["spec"]["containers"]

    assert "DAILIES_WEB_HOST=0.0.0.0" in said.split()
    assert {"name": "web", "containerPort": 8422} in container["ports"]
    assert "DAILIES_WEB_HOST" not in manifests()["ConfigMap"]["data"]


def test_every_unit_gives_time_to_stop_and_only_what_is_needed() -> None:
    unit, composed = settings_of_unit(), service()
    pod = manifests()["StatefulSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (uid, gid) = words_of(DOCKERFILE, "USER")[0].split(":")

    assert unit["TimeoutStopSec"] == ["30"]
    assert composed["stop_grace_period"] == "30s"
    assert pod["terminationGracePeriodSeconds"] == 30
    assert str(CONFIG_EXIT) in unit["RestartPreventExitStatus"]
    assert composed["restart"].startswith("on-failure:")
    assert composed["cap_drop"] == ["ALL"]
    assert composed["read_only"] is True
    assert "no-new-privileges:true" in composed["security_opt"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (int(uid), int(gid))
    assert manifests()["StatefulSet"]["spec"]["replicas"] == 1


def test_those_who_restart_ask_what_the_bot_answers() -> None:
    (container,) = manifests()["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    config = manifests()["ConfigMap"]["data"]
    (port,) = [each["containerPort"] for each in container["ports"] if each["name"] == "vitals"]
    (health,) = words_of(DOCKERFILE, "HEALTHCHECK")

    assert config["DAILIES_VITALS_PORT"] == str(port)
    assert config["DAILIES_VITALS_HOST"] == "0.0.0.0"  # the kubelet asks at the pod's own address
    for probe, path in (("startup", "/healthz"), ("liveness", "/healthz"), ("readiness", "/readyz")):
        assert container[f"{probe}Probe"]["httpGet"] == {"path": path, "port": "vitals"}
    assert health.endswith('CMD ["python", "-m", "bot", "status", "--alive", "--env-file", "/dev/null"]')


def test_the_release_is_the_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert project["version"] == RELEASE


def test_no_secret_is_in_an_environment() -> None:
    unit = settings_of_unit()
    said = [*unit["Environment"], json.dumps(service()["environment"]), json.dumps(manifests())]

    assert unit["LoadCredential"]
    assert service()["secrets"] == ["discord_token"]
    assert not [text for text in said if re.search(r"TOKEN|_KEY\b|SECRET(?!S_DIR)", text)]


def test_kubernetes_takes_the_manifests() -> None:
    checked = subprocess.run(
        [str(BIN / "kubernetes-validate"), "--strict", str(KUBERNETES)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here to read the unit with")
def test_systemd_takes_the_unit_and_finds_it_closed(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/dailies/.venv/bin/python", str(python)), "utf-8")

    verified = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    closed = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    assert closed.returncode == 0, closed.stdout[-200:]


def test_the_bill_of_materials_names_every_package_and_its_licence(tmp_path: Path) -> None:
    bill, licences = contents.write(tmp_path / "built")

    named = {one_name(part["name"]) for part in json.loads(bill.read_text("utf-8"))["components"]}
    table = re.findall(r"^\| ([A-Za-z0-9._-]+) ", licences.read_text("utf-8"), re.MULTILINE)
    wanted = {one_name(name) for name in contents.packages()}
    here = {one_name(name) for name in wanted if find_spec_of(name)}
    assert wanted <= named
    assert here <= {one_name(name) for name in table}
    assert len(here) >= len(wanted) - 2  # those of other systems and newer Pythons


def one_name(package: str) -> str:
    """A package's name in the one form that all tools mean."""
    return re.sub(r"[-_.]+", "-", package).lower()


def find_spec_of(package: str) -> bool:
    """Whether it is installed here."""
    return any(True for _ in metadata.distributions(name=package))

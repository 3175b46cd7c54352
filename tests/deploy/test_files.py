"""What cannot be run here has the form it must have, and speaks of things that exist."""

from __future__ import annotations

import configparser
import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from reelworks.settings import PREFIX, Settings
from tests.deploy.files import (
    DEPLOY,
    KUBERNETES,
    ROOT,
    compose,
    image_environment,
    instructions,
    manifests,
)
from tests.deploy.site import values
from tests.docs.commands import parse

# Which module has the type of which objects.
_TYPES = {
    "v1": "cloudcoil.models.kubernetes.core.v1",
    "apps/v1": "cloudcoil.models.kubernetes.apps.v1",
    "networking.k8s.io/v1": "cloudcoil.models.kubernetes.networking.v1",
    "policy/v1": "cloudcoil.models.kubernetes.policy.v1",
    "keda.sh/v1alpha1": "cloudcoil.models.keda.v1alpha1",
}


def containers() -> dict[str, dict[str, Any]]:
    """Kubernetes' containers, by the name of their Deployment."""
    return {
        name: document["spec"]["template"]["spec"]["containers"][0]
        for name, document in manifests().items()
        if document["kind"] == "Deployment"
    }


def pods() -> list[dict[str, Any]]:
    """What Kubernetes' Deployments say of their pods."""
    return [
        document["spec"]["template"]["spec"]
        for document in manifests().values()
        if document["kind"] == "Deployment"
    ]


def test_the_compose_file_has_the_form_of_one() -> None:
    vendored = resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    jsonschema.validate(compose(), json.loads(vendored.read_text()))


def test_the_dockerfile_has_no_known_fault() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    check = subprocess.run(
        [hadolint, "--no-color", DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stdout


@pytest.mark.parametrize("name", manifests())
def test_a_manifest_has_the_form_of_its_kind(name: str) -> None:
    document = manifests()[name]
    module = importlib.import_module(_TYPES[document["apiVersion"]])
    known = getattr(module, document["kind"]).model_validate(document)
    # A key that the type does not know would be missing here.
    assert known.model_dump(by_alias=True, exclude_unset=True, mode="json") == document


def test_every_manifest_is_listed_or_said_not_to_be() -> None:
    text = (KUBERNETES / "kustomization.yaml").read_text()
    listed = yaml.safe_load(text)["resources"]
    files = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert {*listed, "secret.yaml", "scaling.yaml"} == files
    assert all(name in text for name in files)


def test_every_setting_that_is_named_is_one() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            unknown = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", path.read_text())) - known
            # What a comment uses as an example of a setting.
            assert unknown <= {f"{PREFIX}NAME"}, path


@pytest.mark.parametrize("variables", ["image", *containers(), "api", "worker"])
def test_every_value_of_a_setting_is_one(
    variables: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in environment_of(variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    Settings()


def environment_of(part: str) -> dict[str, str]:
    """The variables of a part: the image's own, and those that it is given."""
    given: dict[str, str] = {}
    if part in containers():
        for document in manifests().values():
            given |= document.get("data", {}) | document.get("stringData", {})
        given |= {each["name"]: each["value"] for each in containers()[part].get("env", [])}
    elif part != "image":
        given = values(compose()["services"][part]["environment"])
    return image_environment() | given


def test_every_command_is_one() -> None:
    (entry,) = [json.loads(given) for name, given in instructions() if name == "ENTRYPOINT"]
    assert entry == ["python", "-m", "reelworks"]
    (default,) = [json.loads(given) for name, given in instructions() if name == "CMD"]
    assert parse(default) == "serve"
    services = compose()["services"]
    assert [parse(services[name]["command"]) for name in ("api", "worker")] == ["api", "worker"]
    assert [parse(each["args"]) for each in containers().values()] == ["api", "worker"]


def test_probes_ask_for_paths_that_are_there() -> None:
    from reelworks.api import health, metrics

    paths = {route.path for module in (health, metrics) for route in module.router.routes}  # type: ignore[attr-defined]
    asked = {
        container[probe]["httpGet"]["path"]
        for container in containers().values()
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        if probe in container
    }
    assert asked <= paths
    assert "/healthz/live" in str(instructions())


def test_pods_are_not_told_of_a_service_called_reelworks() -> None:
    """Kubernetes would set REELWORKS_PORT to an address, and other names that are no settings."""
    assert all(pod["enableServiceLinks"] is False for pod in pods())


def test_nothing_runs_as_root_or_writes_outside_its_folders() -> None:
    assert ("USER", "10001:10001") in instructions()
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        container = pod["containers"][0]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert [each["mountPath"] for each in container["volumeMounts"]] == ["/data", "/tmp"]
    for name in ("api", "worker"):
        assert compose()["services"][name]["read_only"] is True


def test_what_the_dockerfile_copies_is_there_and_let_through() -> None:
    let_through = (ROOT / ".dockerignore").read_text().splitlines()
    for name, arguments in instructions():
        if name == "COPY" and not arguments.startswith("--from"):
            for source in shlex.split(arguments)[:-1]:
                assert (ROOT / source).exists()
                assert f"!{source}" in let_through


def test_scaling_counts_what_is_there_by_the_slots_of_a_worker() -> None:
    reference = (ROOT / "docs/reference/metrics.md").read_text()
    (trigger,) = manifests()["ScaledObject/worker"]["spec"]["triggers"]
    for metric in re.findall(r"reelworks_\w+", trigger["metadata"]["query"]):
        assert f"`{metric}`" in reference
    slots = environment_of("Deployment/worker")["REELWORKS_SLOTS"]
    assert trigger["metadata"]["threshold"] == slots


def test_no_host_of_a_registry_is_named() -> None:
    images = [service.get("image", "") for service in compose()["services"].values()]
    images += [given.split()[0] for name, given in instructions() if name == "FROM"]
    images += [container["image"] for container in containers().values()]
    assert not [image for image in images if "." in image.split("/")[0].split(":")[0]]


def test_the_unit_has_the_form_of_one() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "reelworks.service")
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/.venv/bin/reelworks")
    assert parse(arguments) == "serve"
    assert unit["Service"]["WorkingDirectory"] == f"/var/lib/{unit['Service']['StateDirectory']}"


def test_systemd_knows_every_line_of_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze on this machine")
    text = (DEPLOY / "reelworks.service").read_text()
    unit = tmp_path / "reelworks.service"
    unit.write_text(text.replace("/opt/reelworks/.venv/bin/reelworks", sys.executable))
    check = subprocess.run(
        [analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    complaints = [line for line in check.stderr.splitlines() if unit.name in line]
    assert complaints == []


def test_the_two_nginx_files_go_with_the_same_third() -> None:
    for name in ("balancer.conf", "tls.conf"):
        lines = [line.split() for line in (DEPLOY / "nginx" / name).read_text().splitlines()]
        assert ["include", "reelworks.inc;"] in lines
    mounted = compose()["services"]["balancer"]["volumes"]
    assert [each.split(":")[0] for each in mounted] == [
        "./nginx/balancer.conf",
        "./nginx/reelworks.inc",
    ]

"""The files in `deploy/` agree with themselves, with each other and with the repository; no daemon is asked."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import yaml

from flows.deployments import prefect_yaml
from spiders.sources import BUILT_IN

DEPLOY = Path(__file__).parents[2] / "deploy"
STATE = "/var/lib/warraq"


@pytest.mark.parametrize("name", ["docker-pool.json", "kubernetes-pool.json"])
def test_a_base_job_template_uses_every_variable_it_defines_and_no_other(name: str) -> None:
    template = json.loads((DEPLOY / name).read_text(encoding="utf-8"))
    used = set(re.findall(r"{{ (\w+) }}", json.dumps(template["job_configuration"])))
    assert used == set(template["variables"]["properties"])
    assert STATE in json.dumps(template)


def test_the_image_copies_what_there_is_and_keeps_its_state_on_the_volume() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    copied = [word for line in lines if re.match(r"COPY (?!--from)", line) for word in line.split()[1:-1]]
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert all((DEPLOY.parent / each).exists() for each in copied)
    assert sorted(copied) == sorted(line[1:] for line in ignored if line.startswith("!"))
    assert f"VOLUME {STATE}" in lines
    assert any(f"WARRAQ_SPOOL={STATE}/" in line and f"WARRAQ_CACHE={STATE}/" in line for line in lines)
    user = next(line for line in lines if line.startswith("USER")).split()[1]
    assert user != "0"
    assert f"--uid {user} " in "\n".join(lines)
    assert not re.search(r"SECRET|PASSWORD|TOKEN|ACCESS_KEY", "\n".join(lines))


def test_workers_on_kubernetes_run_as_the_images_user_and_take_the_queues_there_are() -> None:
    config, _, _, workers = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8"))
    pod = workers["spec"]["template"]["spec"]
    [container] = pod["containers"]
    job = json.loads((DEPLOY / "kubernetes-pool.json").read_text(encoding="utf-8"))["job_configuration"]["job_manifest"]
    assert pod["securityContext"] == job["spec"]["template"]["spec"]["securityContext"]
    assert f"USER {pod['securityContext']['runAsUser']}\n" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted[workers["spec"]["volumeClaimTemplates"][0]["metadata"]["name"]] == STATE
    assert set(config["data"]) == {"PREFECT_API_URL", "WARRAQ_ROOT", "WARRAQ_CONTACT"}
    deployments = yaml.safe_load(prefect_yaml(BUILT_IN, workers["spec"]["replicas"]))["deployments"]
    queues = {each["work_pool"].get("work_queue_name", "default") for each in deployments}
    assert queues == {f"shard-{number}" for number in range(workers["spec"]["replicas"])} | {"default"}


def test_workers_on_kubernetes_reach_the_web_and_no_internal_network() -> None:
    _, _, policy, workers = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8"))
    assert policy["spec"]["podSelector"] == workers["spec"]["selector"]
    blocks = [to["ipBlock"] for rule in policy["spec"]["egress"] for to in rule["to"] if "ipBlock" in to]
    kept = [ip_network(each) for block in blocks for each in block["except"]]

    def is_let_through(address: str) -> bool:
        ip = ip_address(address)
        inside = any(ip in ip_network(block["cidr"]) for block in blocks)
        return inside and not any(ip in network for network in kept)

    internal = ("127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "fd00::1")
    assert not any(map(is_let_through, internal))
    assert all(map(is_let_through, ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")))

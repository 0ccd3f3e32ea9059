import pytest

from captionfleet_schemas.broker import celery_options
from captionfleet_workers.settings import WorkerSettings
from tests.deploy.chart import CASES, Values, case, containers, of_kind, pods, render, values_of, variables, workers

MODEL_QUEUES = {"captions", "captions.bulk"}
CHECK = ["captionfleet-worker", "--check"]
LIVENESS = "CAPTIONFLEET_WORKER_LIVENESS"
"""Of the one setting that names a file and holds no secret."""


@pytest.mark.parametrize("name", CASES)
def test_no_pod_may_be_root_or_change_its_image(name: str) -> None:
    """Numeric user, no privilege to gain, no capability, a root that cannot be written, no token of the API server."""
    specs = [pod["spec"] for pod in pods(case(name))]

    assert {spec["securityContext"]["runAsUser"] for spec in specs} == {10001}
    assert all(spec["securityContext"]["runAsNonRoot"] for spec in specs)
    assert not any(spec["automountServiceAccountToken"] for spec in specs)
    for container in containers(case(name)):
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_has_a_volume_with_a_limit(name: str) -> None:
    """The root is read-only: /tmp, where the liveness file lies, is an emptyDir, and none may fill the node's disk."""
    for pod in pods(case(name)):
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        mounts = {
            mount["mountPath"]: mount["name"] for own in pod["spec"]["containers"] for mount in own["volumeMounts"]
        }

        assert "emptyDir" in volumes[mounts["/tmp"]]
        assert all("sizeLimit" in volume["emptyDir"] for volume in volumes.values() if "emptyDir" in volume)
        assert set(mounts.values()) == set(volumes)


@pytest.mark.parametrize("name", CASES)
def test_every_container_asks_for_what_it_needs_and_bounds_its_memory(name: str) -> None:
    """Without requests a node is filled blindly, without a bound one pod takes the others' memory."""
    for container in containers(case(name)):
        resources = container["resources"]
        assert {"cpu", "memory"} <= set(resources["requests"])
        assert "memory" in resources["limits"]


@pytest.mark.parametrize("name", CASES)
def test_no_image_moves(name: str) -> None:
    """A version or a digest, never `latest` or nothing."""
    tags = [container["image"].rpartition(":")[2] for container in containers(case(name))]

    assert all(tag and tag != "latest" and "/" not in tag for tag in tags)


@pytest.mark.parametrize("name", CASES)
def test_signals_reach_the_process_itself(name: str) -> None:
    """The image's own entry point is PID 1: a shell before it would keep SIGTERM to itself."""
    assert [container["command"] for container in containers(case(name)) if "command" in container] == []


@pytest.mark.parametrize("name", CASES)
def test_a_pod_that_goes_finishes_its_calls(name: str) -> None:
    """The kill comes after the worker's own grace, and that is as long as a call may take."""
    configured = of_kind(case(name), "ConfigMap")[0]["data"]
    call = int(configured["CAPTIONFLEET_MODEL_CALL_TIMEOUT"])

    for deployment in workers(case(name)):
        spec = deployment["spec"]["template"]["spec"]
        own = variables(spec["containers"][0])
        assert spec["terminationGracePeriodSeconds"] >= int(own["CAPTIONFLEET_WORKER_GRACE"]) + 10
        if MODEL_QUEUES & set(own["CAPTIONFLEET_WORKER_QUEUES"].split(",")):
            assert int(own["CAPTIONFLEET_WORKER_GRACE"]) >= call


@pytest.mark.parametrize("name", CASES)
def test_a_broker_that_is_away_restarts_no_worker(name: str) -> None:
    """Probes look at the worker's own heartbeat: pinged through the broker, all would be restarted in its outage."""
    for deployment in workers(case(name)):
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        assert container["livenessProbe"]["exec"]["command"] == CHECK
        assert container["startupProbe"]["exec"]["command"] == CHECK
        assert container["readinessProbe"]["exec"]["command"] == ["captionfleet-worker", "--check-ready"]


@pytest.mark.parametrize(
    "values", [*map(values_of, CASES), {"model": {"accountsKey": "accounts"}}], ids=[*CASES, "accounts"]
)
def test_every_variable_is_a_setting_of_the_worker(values: Values) -> None:
    """A worker does not look at a variable that it does not know."""
    manifests = render(values)
    given = {key for own in workers(manifests) for key in variables(own["spec"]["template"]["spec"]["containers"][0])}
    configured = set(of_kind(manifests, "ConfigMap")[0]["data"])

    known = {f"CAPTIONFLEET_{field.upper()}" for field in WorkerSettings.model_fields}

    assert {key.removesuffix("_FILE") for key in given | configured} - known == {LIVENESS}


@pytest.mark.parametrize("name", CASES)
def test_redis_gives_no_message_twice_while_its_job_runs(name: str) -> None:
    """The broker's visibility timeout is longer than a pod may live after SIGTERM, and so than any call."""
    options = celery_options("redis://127.0.0.1:6379/0")

    graces = [own["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] for own in workers(case(name))]

    assert options["broker_transport_options"]["visibility_timeout"] > max(graces)


@pytest.mark.parametrize("name", CASES)
def test_every_queue_has_a_pool(name: str) -> None:
    """A queue that nobody works on fills without an error."""
    queues = {
        queue
        for deployment in workers(case(name))
        for queue in variables(deployment["spec"]["template"]["spec"]["containers"][0])[
            "CAPTIONFLEET_WORKER_QUEUES"
        ].split(",")
    }

    assert queues == {"captions", "captions.bulk", "captionfleet.deliveries"}


@pytest.mark.parametrize("component", ["flower", "emulator"])
def test_what_keeps_state_by_itself_runs_once(component: str) -> None:
    """Two Flowers would write one file, two emulators would know different faults: one, and never two for a while."""
    deployments = [
        own
        for own in of_kind(case("everything"), "Deployment")
        if own["metadata"]["labels"]["app.kubernetes.io/component"] == component
    ]

    assert [(own["spec"]["replicas"], own["spec"]["strategy"]["type"]) for own in deployments] == [(1, "Recreate")]


def test_other_settings_make_other_pods() -> None:
    """A ConfigMap that changes restarts nothing by itself: its checksum stands in the pods' annotations."""
    checksums = {
        workers(render({"model": {"requestsPerMinute": rate}}))[0]["spec"]["template"]["metadata"]["annotations"][
            "checksum/config"
        ]
        for rate in (60, 120)
    }

    assert len(checksums) == 2

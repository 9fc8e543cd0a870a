"""compose.yaml, Caddyfile and Dockerfile name what is there, and agree with each other. No test here needs Docker."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from app.settings import PREFIX, ROOT, Settings

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CADDYFILE = (ROOT / "Caddyfile").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = ("recur", "recur-1", "recur-2")
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def settings_of(service: Mapping[str, Any], **given: str) -> Settings:
    """The settings that a container of this service would have, by its environment and the image's."""
    image = dict(re.findall(r"(RECUR_\w+)=([^\s$]+)", DOCKERFILE))

    def filled(match: re.Match[str]) -> str:
        return given.get(match[1]) or (match[3] or "" if match[2] == "-" else "")

    environment = {name: given.get(name) if value is None else value for name, value in service["environment"].items()}
    named = {name: VARIABLE.sub(filled, value) for name, value in environment.items() if value is not None}
    return Settings(**{name.removeprefix(PREFIX).lower(): value for name, value in (image | named).items()})


def test_one_process_is_what_comes_up_by_itself() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["recur"]
    chosen = settings_of(SERVICES["recur"], RECUR_PASSWORD="long enough")
    assert (chosen.is_open, chosen.has_accounts) == (False, False)
    with pytest.raises(ValueError, match="set RECUR_PASSWORD"):
        settings_of(SERVICES["recur"])
    assert (chosen.host, chosen.port, chosen.database_url) == ("0.0.0.0", 8000, "sqlite:////data/recur.sqlite")
    assert SERVICES["recur"]["ports"] == ["127.0.0.1:8000:8000"]


def test_the_profile_course_has_accounts_in_two_replicas_on_postgresql_behind_a_proxy() -> None:
    course = {name for name, service in SERVICES.items() if service.get("profiles") == ["course"]}
    assert course == {"recur-1", "recur-2", "postgres", "proxy"}
    assert SERVICES["recur-1"] == SERVICES["recur-2"]
    chosen = settings_of(SERVICES["recur-1"], POSTGRES_PASSWORD="secret")
    assert chosen.has_accounts
    household = settings_of(SERVICES["recur-1"], RECUR_ACCESS="household", RECUR_PASSWORD="long enough")
    assert (household.is_open, household.has_accounts) == (False, False)
    assert chosen.database_url == "postgresql+psycopg://recur:secret@postgres/recur"
    # Only the proxy's own network is believed, and only the proxy can be reached from outside.
    assert list(chosen.trusted_proxies) == [one["subnet"] for one in COMPOSE["networks"]["course"]["ipam"]["config"]]
    assert all(SERVICES[name]["networks"] == ["course"] for name in course)
    assert [name for name in course if "ports" in SERVICES[name]] == ["proxy"]


def test_the_proxy_finds_the_replicas() -> None:
    default = re.search(r"reverse_proxy \{\$RECUR_UPSTREAMS:([^}]*)\}", CADDYFILE)
    assert default
    assert default[1].split() == [f"{name}:8000" for name in ("recur-1", "recur-2")]
    read = set(re.findall(r"\{\$(\w+)", CADDYFILE))
    assert set(SERVICES["proxy"]["environment"]) <= read
    assert "./Caddyfile:/etc/caddy/Caddyfile:ro" in SERVICES["proxy"]["volumes"]
    # Recur closes a connection that is idle for five seconds: a form must not be sent into one.
    keepalive = re.search(r"keepalive (\d+)s", CADDYFILE)
    assert keepalive
    assert int(keepalive[1]) < 5


def test_each_waits_until_what_it_needs_is_healthy() -> None:
    assert SERVICES["proxy"]["depends_on"] == {
        name: {"condition": "service_healthy"} for name in ("recur-1", "recur-2")
    }
    assert SERVICES["recur-1"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["postgres"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    # The replicas have the image's own check, asked more often.
    assert "test" not in SERVICES["recur-1"]["healthcheck"]
    assert "/readyz" in DOCKERFILE


@pytest.mark.parametrize("name", OURS)
def test_what_a_container_may_do_is_limited(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert all("size=" in one for one in service["tmpfs"])
    assert int(service["stop_grace_period"].removesuffix("s")) > 7, "longer than what a server takes to stop"


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_bounded_and_gains_no_right(name: str) -> None:
    service = SERVICES[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert all("size=" in one for one in service.get("tmpfs", []))
    if name != "postgres":  # which gives its files to its own account when it first starts
        assert service["cap_drop"] == ["ALL"]
        assert set(service.get("cap_add", [])) <= {"NET_BIND_SERVICE"}
        assert service["read_only"]


def test_the_image_runs_as_nobody_much_and_has_nothing_for_development() -> None:
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER 10001$", last, re.MULTILINE)
    assert last.index("\nUSER ") < last.index("\nCMD ")
    assert "apt-get" not in last
    assert "make setup NPM_OPTIONS=--omit=dev" in DOCKERFILE
    for name in ("requirements-dev", "requirements-audit", "tests", "bench", "setup-test", ".git"):
        assert name not in DOCKERFILE, name
    omitted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    served = (ROOT / "app/web/frame/assets.py").read_text()
    assert not [name for name in omitted if name in served]


def test_every_volume_is_declared_and_every_file_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], volume


def test_the_image_gets_every_file_that_the_program_needs() -> None:
    copied = {
        word.rstrip("/") for line in re.findall(r"^COPY (?!--)(.*)$", DOCKERFILE, re.MULTILINE) for word in line.split()
    }
    assert {"app", "alembic", "alembic.ini", "templates", "static", "content"} <= copied
    for name in copied - {"."}:
        assert (ROOT / name).exists(), name

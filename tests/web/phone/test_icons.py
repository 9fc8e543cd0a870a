"""What a phone needs to keep the app: a manifest with icons, drawn from the one drawing."""

import json
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.web.frame.assets import STATIC
from app.web.phone.icons import ICONS, drawn


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_is_what_the_drawing_gives(name: str) -> None:
    """After a change of icon.svg: `python -m app.web.phone.icons`."""
    assert (STATIC / name).read_bytes() == drawn(*ICONS[name])


def test_the_manifest_names_files_that_are_there(client: TestClient) -> None:
    page = client.get("/").text
    (address,) = re.findall(r'<link rel="manifest" href="([^"]+)" crossorigin="use-credentials">', page)
    answer = client.get(address)
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest: dict[str, Any] = json.loads(answer.content)
    folder = address.rpartition("/")[0]
    for icon in manifest["icons"]:
        png = client.get(f"{folder}/{icon['src']}").content
        assert icon["sizes"] == "x".join(str(int.from_bytes(png[at : at + 4], "big")) for at in (16, 20))
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])
    assert all(client.get(one["url"]).status_code == 200 for one in (manifest["shortcuts"]))
    assert client.get(manifest["start_url"]).status_code == 200


@pytest.mark.parametrize("path", ["/", "/review", "/demos", "/cards/q1", "/settings"])
def test_every_page_says_what_it_is(client: TestClient, path: str) -> None:
    page = client.get(path).text
    for name in ("description", "og:title", "og:description", "og:image", "theme-color"):
        assert re.search(rf'<meta (name|property)="{name}" content="[^"]+', page), name

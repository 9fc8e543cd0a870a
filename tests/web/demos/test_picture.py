"""Pictures for shared links: drawn from the state that the address says."""

import re

import pytest
from fastapi.testclient import TestClient

from app.demos.registry import all_demos
from app.web.demos.picture import HEIGHT, WIDTH


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


@pytest.mark.parametrize("name", sorted(all_demos()))
def test_every_demo_has_a_picture(client: TestClient, name: str) -> None:
    answer = client.get(f"/demos/{name}/picture.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert size(answer.content) == (WIDTH, HEIGHT)
    assert len(answer.content) < 300_000


def test_it_is_that_of_the_state_and_the_page_names_it(client: TestClient) -> None:
    page = client.get("/demos/gradient-flow?cell=rnn&steps=20&gain=1.1").text
    (address,) = re.findall(r'property="og:image" content="http://[^/"]+(/[^"]+)"', page)
    assert "gain=1.1" in address
    here = client.get(address.replace("&amp;", "&")).content
    assert here == client.get("/demos/gradient-flow/picture.png?cell=rnn&steps=20&gain=1.1").content
    assert here != client.get("/demos/gradient-flow/picture.png").content
    assert re.search(r'name="description" content="[^"]*20 steps', page)


def test_bad_values_and_unknown_names_are_refused_in_words(client: TestClient) -> None:
    assert client.get("/demos/gradient-flow/picture.png?gain=much").status_code == 422
    assert client.get("/demos/no-such/picture.png").status_code == 404

"""/demos/NAME/draws: the band of many draws, and where the shown one lies."""

import pytest
from fastapi.testclient import TestClient

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
STATE = "steps=10&gain=1&phi=relu&input=1"


def test_a_demos_page_asks_for_the_band_and_keeps_the_range(client: TestClient) -> None:
    page = client.get(f"/demos/gradient-flow?{STATE}&seed=0..39").text
    assert '<input type="hidden" name="over" value="0..39">' in page
    assert "Compute all 40 draws" in page
    moved = client.get(f"/demos/gradient-flow?{STATE}&seed=7&over=0..39", headers=PART)
    assert "over=0..39" in moved.headers["HX-Replace-Url"]
    assert "Compute all 40 draws" in moved.text
    assert "Compute all" not in client.get(f"/demos/gradient-flow?{STATE}&seed=7").text


def test_the_band_of_a_state(client: TestClient) -> None:
    address = f"/demos/gradient-flow/draws?{STATE}&seed=7&over=0..39"
    page = client.get(address).text
    assert "<html" in page
    assert "<code>ratio</code>" in page
    assert "<td>0.0502</td>" in page
    assert "The draw that is shown has seed 7." in page
    part = client.get(address, headers=PART).text
    assert "<html" not in part
    assert "<td>0.0502</td>" in part


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("seed=3", 404, "has no range of seeds"),
        ("seed=3..2", 422, "write a range of 2 to 100"),
        ("over=0..999", 422, "write a range of 2 to 100"),
        ("seed=0..3&gain=x", 422, "gain"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(client: TestClient, query: str, status: int, words: str) -> None:
    answer = client.get(f"/demos/gradient-flow/draws?{query}")
    assert answer.status_code == status
    assert words in answer.text

"""What a page of another site can do with a Recur that runs on the reader's machine: link to it, and nothing else."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser

from app.demos.machine.demo import Demo
from app.demos.machine.result import Result
from tests.browser.conftest import Server

PAGE = """<!doctype html><title>Elsewhere</title>
<link rel="prefetch" href="{url}/demos/attention?from=prefetch">
<link rel="stylesheet" href="{url}/demos/attention?from=style">
<img src="{url}/demos/attention?from=img">
<iframe src="{url}/demos/attention?from=iframe"></iframe>
<object data="{url}/demos/attention?from=object"></object>
<video src="{url}/demos/attention?from=video"></video>
<script src="{url}/demos/attention?from=script"></script>
<script>
  fetch("{url}/demos/attention?from=fetch").catch(() => 0);
  fetch("{url}/demos/attention?from=no-cors", {{mode: "no-cors"}}).catch(() => 0);
  navigator.sendBeacon("{url}/demos/attention?from=beacon");
  new EventSource("{url}/demos/long-memory/train?updates=10&from=events");
  window.addEventListener("load", () => setTimeout(() => document.title = "loaded", 500));
</script>
<a href="{url}/demos/attention?from=link">A link</a>"""


@pytest.fixture
def elsewhere(server: Server) -> Iterator[str]:
    """The address of a page of another site: localhost is another than 127.0.0.1."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.format(url=server.url).encode())

        def log_message(self, *_: object) -> None:
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield f"http://localhost:{site.server_port}/"
    site.shutdown()
    site.server_close()
    thread.join()


def test_another_site_s_page_links_here_and_loads_nothing(
    chromium: Browser,
    server: Server,
    elsewhere: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    computed: list[str] = []
    compute = Demo.compute

    def counted(demo: Demo[Any], parameters: Any) -> Result:
        computed.append(demo.name)
        return compute(demo, parameters)

    monkeypatch.setattr(Demo, "compute", counted)
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(elsewhere)
        page.wait_for_function("document.title == 'loaded'")
        refused = [record.getMessage() for record in caplog.records if record.getMessage().endswith(": 403")]
        assert len(refused) >= 9
        assert "GET /demos/{name}/train: 403" in refused
        assert "POST /demos/{name}: 403" in refused
        assert computed == []
        page.get_by_role("link", name="A link").click()
        page.get_by_role("heading", level=1).first.wait_for()
        assert computed == ["attention"]

"""The sanitiser lets nothing act, whatever HTML it is given. Authors' own HTML is off, so none of this reaches it."""

import re

import pytest

from app.cards.render.maths import ELEMENTS
from app.cards.render.sanitiser import CLEANER
from tests.cards.render.test_render import ALLOWED, inspect

ACTING = {
    **{"style": "color:red", "id": "main", "name": "token", "slot": "s", "nonce": "n", "is": "x-y", "class": "modal"},
    **{"onclick": "f()", "onfocus": "f()", "onload": "f()", "autofocus": "", "contenteditable": "", "accesskey": "u"},
    **{
        "hx-get": "/x",
        "hx-post": "/x",
        "hx-on:click": "f()",
        "hx-trigger": "load",
        "data-hx-get": "/x",
        "data-key": "u",
    },
    **{"src": "/x", "srcset": "/x 2x", "action": "/x", "formaction": "/x", "target": "_top", "xlink:href": "/x"},
    **{"background": "/x", "poster": "/x", "ping": "/x", "download": "", "http-equiv": "refresh", "srcdoc": "x"},
}
"""Attributes that act, or that our own pages give a meaning to."""
AROUND = dict.fromkeys(ELEMENTS, "<math>")
AROUND |= dict.fromkeys(("thead", "tbody", "tr"), "<table>") | dict.fromkeys(("th", "td"), "<table><tr>")
"""What a tag must be within to be read as one."""


@pytest.mark.parametrize("tag", sorted(ALLOWED))
def test_the_sanitiser_itself_lets_no_attribute_act(tag):
    """Authors' HTML is off, so none of this reaches it today."""
    for name, value in ACTING.items():
        cleaned = CLEANER.clean(f'{AROUND.get(tag, "")}<{tag} {name}="{value}">x</{tag}>')
        assert f"<{tag}" in cleaned
        assert re.findall(r"""[\s/"']([\w:-]+)=""", cleaned.replace(' class=""', "")) == []


@pytest.mark.parametrize(
    "address",
    [
        *("javascript:f()", "JaVaScRiPt:f()", " javascript:f()", "java&#10;script:f()", "&#x6a;avascript:f()"),
        *("data:text/html,x", "vbscript:f()", "blob:x", "file:///etc/passwd", "mailto:a@e.org"),
    ],
)
def test_the_sanitiser_itself_lets_no_address_act(address):
    assert CLEANER.clean(f'<a href="{address}">x</a>') == "<a>x</a>"
    assert "href" not in CLEANER.clean(f'<math href="{address}"><mi href="{address}">x</mi></math>')


@pytest.mark.parametrize(
    "html",
    [
        *("<script>f()</script>", "<style>p {}</style>", "<iframe src=/x></iframe>", "<object data=/x></object>"),
        *(
            "<form action=/x><input><button>x</button></form>",
            "<img src=x onerror=f()>",
            "<svg><script>f()</script></svg>",
        ),
        *("<template><p hx-get=/x></template>", "<base href=/x>", "<meta http-equiv=refresh>", "<link rel=stylesheet>"),
        *("<!-- x -->", "<?x ?>", "<![CDATA[x]]>", "<math><annotation-xml encoding=text/html><img src=x></math>"),
        *("<dialog open>x</dialog>", "<details ontoggle=f() open>x</details>", "<x-y>z</x-y>", "<video src=x></video>"),
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=f()&gt;">',
    ],
)
def test_the_sanitiser_itself_lets_no_element_act(html):
    inspect(CLEANER.clean(html))


def test_the_sanitiser_keeps_what_the_renderer_writes():
    written = (
        '<div class="wide formula" tabindex="0" role="group" aria-label="Formula"><math display="block"></math></div>'
    )
    assert CLEANER.clean(written) == written
    assert (
        CLEANER.clean('<a href="/cards/d/c" class="card-link modal">x</a>')
        == '<a href="/cards/d/c" class="card-link">x</a>'
    )

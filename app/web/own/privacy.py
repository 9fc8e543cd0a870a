"""/privacy: what is kept about a person, who sees it, and for how long. tests/web/own/test_privacy.py holds it true."""

from starlette.responses import Response

from app.accounts.once import COOKIE as ONCE_COOKIE
from app.accounts.sign_in import DEVICE_LASTS, IDLE, LONGEST_SIGN_IN
from app.web.frame.assets import STYLES_COOKIE
from app.web.frame.entry import DEVICE, SESSION
from app.web.frame.here import BROWSER_COOKIE, LEARNER_COOKIE, Here

COOKIES = {
    SESSION: "keeps you signed in, until you sign out",
    DEVICE: f"lets others’ wrong passwords not keep you out, for {DEVICE_LASTS.days} days",
    LEARNER_COOKIE: "is the number of the profile that this browser has chosen, for a year",
    BROWSER_COOKIE: "tells apart the browsers that train a demo, until it is closed",
    STYLES_COOKIE: "names the style sheets that this browser has been given, until it is closed",
    ONCE_COOKIE: "lets in the phone that opened the link for it, until the server stops",
}


def privacy(here: Here) -> Response:
    """Show the page. Everybody may read it, also before they join."""
    lasts = {"idle": IDLE.days, "longest": LONGEST_SIGN_IN.days, "device": DEVICE_LASTS.days}
    return here.page("own/privacy.html", settings=here.settings, cookies=COOKIES, days=lasts)

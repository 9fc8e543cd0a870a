"""create_app(): puts the rooms together, and nothing else."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from app.cards.load.watch import ContentWatch
from app.database import THREADS, Database
from app.settings import Settings
from app.study.schedule.totals import move_cards
from app.upkeep.elected import Elected
from app.web.frame import assets, errors, outermost, pages, security
from app.web.routes import ROUTES

if TYPE_CHECKING:
    from app.observe.metrics import Metrics


def create_app(settings: Settings, database: Database | None = None, clock: pages.Clock = pages.utc_now) -> FastAPI:
    """The web app over `database` (default: the one that `settings` names), which must be migrated.

    `clock` gives the time of each request. Raises assets.MissingAssetError if npm's packages are not installed.
    """
    database = database or Database(settings.database_url)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # What start-up made lives as long as the process: keep the garbage collector from scanning it every time.
        gc.collect()
        gc.freeze()
        # A request makes thousands of small objects and few cycles: collect less often.
        gc.set_threshold(20_000, 20, 20)
        current_default_thread_limiter().total_tokens = THREADS
        duties = [lambda: ContentWatch(database, settings.content_dir, clock, move_cards=move_cards)]
        with Elected(database, duties) if settings.watch else nullcontext():
            yield
        database.close()

    app = FastAPI(title="Recur", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    version = assets.version()
    app.state.settings = settings
    app.state.database = database
    app.state.clock = clock
    app.state.trainings = {}
    app.state.metrics = _metrics() if settings.metrics else None
    app.state.templates = pages.environment(version)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=1)
    app.add_middleware(security.Guard, settings=settings)
    app.add_middleware(outermost.Outermost, logs_all=settings.logs_every_request, metrics=app.state.metrics)
    app.mount(f"/static/{version}", assets.Assets(), name="static")
    errors.install(app)
    app.router.routes.extend(ROUTES)
    return app


def _metrics() -> "Metrics":
    from app.observe.metrics import Metrics  # a library that most servers do without

    return Metrics()

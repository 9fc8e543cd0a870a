"""create_app(): puts the rooms together, and nothing else."""

import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware

from app.cards.load.load import LoadReport
from app.cards.load.watch import ContentWatch
from app.database import THREADS, Database
from app.observe.version import Build, commit, program_version
from app.settings import Settings
from app.study.deletions import LOOK_SECONDS, delete_due
from app.study.evidence.renewal import Renewal
from app.study.forecast.checkpoints import KeepUp
from app.study.schedule.totals import move_cards
from app.upkeep.daily_copies import daily_copies
from app.upkeep.dated_copies import copies_of
from app.upkeep.elected import Duty, Elected, now_and_then
from app.web.demos import in_cards, in_turn
from app.web.frame import assets, errors, outermost, pages, security
from app.web.routes import ROUTES

if TYPE_CHECKING:
    from app.observe.metrics import Metrics

log = logging.getLogger(__name__)

KEEP_UP_SECONDS = 1.0
RENEW_SECONDS = 60.0


def create_app(settings: Settings, database: Database | None = None, clock: pages.Clock = pages.utc_now) -> FastAPI:
    """The web app over `database` (default: the one that `settings` names), which must be migrated.

    `clock` gives the time of each request. Raises assets.MissingAssetError if npm's packages are not installed.
    """
    database = database or Database(settings.database_url)

    copies = copies_of(database, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # What start-up made lives as long as the process: keep the garbage collector from scanning it every time.
        gc.collect()
        gc.freeze()
        # A request makes thousands of small objects and few cycles: collect less often.
        gc.set_threshold(20_000, 20, 20)
        # A thread that computes lets go of the interpreter for others five times as often: a rating asks for it often.
        sys.setswitchinterval(0.001)
        current_default_thread_limiter().total_tokens = THREADS
        build.schema = await run_in_threadpool(database.schema)
        log.info("Started.", extra={"fields": asdict(build)})
        duties: list[Duty] = [
            lambda: now_and_then("forecasts", KeepUp(database).look, KEEP_UP_SECONDS),
            lambda: now_and_then("deletions", delete_whom_it_is_due, LOOK_SECONDS),
        ]
        if settings.has_accounts:
            duties.append(renewing)
        if settings.watch:
            duties.append(lambda: ContentWatch(database, settings.content_dir, clock, on_load, move_cards=move_cards))
        if settings.backups:
            duties.append(lambda: daily_copies(copies, clock))
        with ExitStack() as under_way:
            under_way.enter_context(Elected(database, duties))
            yield
            await run_in_threadpool(under_way.close)  # a load that has begun is finished first
        database.close()

    def delete_whom_it_is_due() -> None:
        delete_due(database, copies.deletions, clock())

    def renewing() -> AbstractContextManager[object]:
        renewal = Renewal(database, clock)
        return now_and_then("evidence", renewal.look, RENEW_SECONDS, renewal.stop)

    def on_load(report: LoadReport | None) -> None:
        if metrics is not None:
            metrics.loaded(None if report is None else len(report.mistakes))

    app = FastAPI(title="Recur", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    version = assets.version()
    build = app.state.build = Build(program_version(), settings.revision or commit())
    metrics = app.state.metrics = _metrics(build, database) if settings.metrics else None
    app.state.settings = settings
    app.state.database = database
    app.state.clock = clock
    app.state.once = None  # `recur serve --phone` puts its link here
    app.state.trainings = {}
    app.state.templates = pages.environment(version)
    app.state.templates.filters["with_figures"] = in_cards.with_figures(app.state.templates)
    app.state.templates.filters["first_miniature"] = in_cards.first_miniature
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=2)
    app.add_middleware(security.Guard, settings=settings)
    app.add_middleware(outermost.Outermost, logs_all=settings.logs_every_request, metrics=metrics)
    app.mount(f"/static/{version}", assets.Assets(), name="static")
    errors.install(app)
    app.router.routes.extend(ROUTES)
    return app


def _metrics(build: Build, database: Database) -> "Metrics":
    from app.observe.metrics import Metrics  # a library that most servers do without

    metrics = Metrics(build)
    database.tell_wait = metrics.waited
    in_turn.tell(metrics.trainings.inc, metrics.refused.inc)
    return metrics

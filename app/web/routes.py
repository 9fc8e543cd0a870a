"""Every address of the app and the function that answers it, by what a person does there."""

from collections.abc import Callable
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from app.accounts.roles import Deed
from app.web.browse import browse
from app.web.course import cards, content, edit, pictures, sources, topics, versions
from app.web.demos import api, demo, docs, draws, index, training
from app.web.drill import choose as drill
from app.web.drill import practice
from app.web.drill import run as drill_run
from app.web.evidence import evidence
from app.web.frame import health
from app.web.frame.here import allowed
from app.web.own import history, learners, plans, privacy, settings
from app.web.people import account, accounts, class_day, class_quizzes, classes, join, sign_in
from app.web.phone import worker
from app.web.quiz import choose, results, take
from app.web.sitting import kept, plan, review, sync, today
from app.web.stats import stats


def _get(path: str, answer: Callable[..., Any], deed: Deed = Deed.STUDY) -> APIRoute:
    return APIRoute(path, answer, methods=["GET"], include_in_schema=False, dependencies=_for(deed))


def _post(path: str, answer: Callable[..., Any], deed: Deed = Deed.STUDY) -> APIRoute:
    return APIRoute(path, answer, methods=["POST"], include_in_schema=False, dependencies=_for(deed))


def _for(deed: Deed) -> list[Any]:
    """What lets in those alone who may do this. Everybody whom the guard lets in may study."""
    return [] if deed is Deed.STUDY else [allowed(deed)]


REVIEW = (
    _get("/review", review.review),
    Route("/review", review.rate_card, methods=["POST"]),  # plain, as a demo is below
    _post("/review/answer", review.reveal),
    _post("/review/undo", review.undo_last),
    _post("/review/mark", review.mark_card),
    _get("/kept", kept.kept),
    _post("/sync", sync.sync),
    _get("/", today.today),
    _get("/plan", plan.forecast),
)
COMPUTE = (
    _get("/demos/{name}.csv", demo.as_csv),
    _get("/demos/{name}.json", demo.as_json),
    _get("/demos/{name}.{framework}.py", demo.as_layers),
    _get("/demos/{name}.py", demo.as_python),
    # A plain route, without what FastAPI does for typed parameters: a tenth of a slider's answer.
    Route("/demos/{name}", demo.demo),
    _get("/demos/{name}/predict", demo.predict),
    _get("/demos/{name}/picture.png", demo.as_picture),
    _get("/demos/{name}/beneath", demo.beneath),
    _get("/demos/{name}/train", training.train),
    _get("/demos/{name}/draws", draws.draws),
    _get("/demos", index.index),
)
TAKE_A_QUIZ = (
    _get("/quiz/{name}", take.one_quiz),
    Route("/quiz/{name}", take.rate_answer, methods=["POST"]),
    _post("/quiz/{name}/reveal", take.reveal),
    _post("/quiz/{name}/undo", take.undo_last),
    _post("/quiz/{name}/mark", take.mark_card),
    _post("/quiz/{name}/end", take.end_quiz),
    _get("/quiz", choose.quiz),
    _post("/quiz", choose.make_quiz),
    _post("/quiz/{name}/again", results.again),
    _get("/quiz/{name}/compare", results.compare),
    _post("/class-quizzes/{quiz}/start", class_quizzes.start),
)
DRILL = (_get("/drill", drill.choose), _get("/drill/run", drill_run.run), _get("/practice", practice.practice))
FIND_CARDS = (
    _get("/browse", browse.browse),
    _post("/browse/act", browse.act),
    _get("/topics", topics.topics),
    _get("/topics/{deck}/{name}", topics.topic),
    _get("/cards/{name}", cards.card_by_short_name),
    _get("/cards/{deck}/{name}", cards.card),
    _get("/cards/{deck}/{name}/versions", versions.versions),
    _get("/pictures/{digest}/{deck}/{name:path}", pictures.picture),
)
SEE_PROGRESS = (_get("/stats", stats.stats),)
CHANGE_SETTINGS = (
    _get("/settings", settings.settings_),
    _post("/settings", settings.save_settings),
    _post("/settings/hints", settings.hide_hints),
    _post("/plans", plans.save),
    _post("/plans/delete", plans.delete),
    _post("/plans/over", plans.over),
    _post("/plans/noted", plans.noted),
    _get("/settings/history.jsonl", history.download),
    _post("/settings/history", history.take_in),
    _get("/privacy", privacy.privacy),
    _get("/learners", learners.learners),
    _post("/learners", learners.add),
    _post("/learners/choose", learners.choose),
    _post("/learners/rename", learners.rename_learner),
    _get("/learners/{chosen}/delete", learners.ask_to_delete),
    _post("/learners/{chosen}/delete", learners.delete),
)
WRITE_CARDS = (
    _get("/content", content.content, Deed.WRITE),
    _get("/content/{deck}/{name}", content.content_of_file, Deed.WRITE),
    _get("/content/{deck}/{name}/edit", edit.edit, Deed.WRITE),
    _post("/content/{deck}/{name}/edit", edit.save, Deed.WRITE),
    _post("/content/{deck}/{name}/preview", edit.preview_of_typed, Deed.WRITE),
    _get("/sources", sources.sources),
)
COME_IN = (
    _get("/sign-in", sign_in.ask),
    _post("/sign-in", sign_in.enter),
    _post("/sign-out", sign_in.leave),
    _get("/join/{secret}", join.ask),
    _post("/join/{secret}", join.join),
    _get("/account", account.account),
    _get("/account/data.json", account.download),
    _post("/account/password", account.change_password),
    _post("/account/tokens", account.make_token),
    _post("/account/tokens/{token}/revoke", account.revoke),
    _post("/account/classes/{class_id}/leave", account.leave_class),
    _post("/account/evidence", account.change_evidence),
    _get("/accounts", accounts.accounts, Deed.MANAGE),
    _post("/accounts", accounts.add, Deed.MANAGE),
    _post("/accounts/claim", accounts.claim, Deed.MANAGE),
    _post("/accounts/{account}/role", accounts.change_role, Deed.MANAGE),
    _post("/accounts/{account}/reset", accounts.reset, Deed.MANAGE),
    _post("/accounts/{account}/disable", accounts.disable, Deed.MANAGE),
    _post("/accounts/{account}/enable", accounts.enable, Deed.MANAGE),
)
TEACH = (
    _get("/classes", classes.classes, Deed.TEACH),
    _post("/classes", classes.add, Deed.MANAGE),
    _get("/classes/{class_id}", classes.one_class, Deed.TEACH),
    _post("/classes/{class_id}", classes.change, Deed.MANAGE),
    _post("/classes/{class_id}/instructors", classes.add_instructor, Deed.MANAGE),
    _post("/classes/{class_id}/delete", classes.delete, Deed.MANAGE),
    _post("/classes/{class_id}/remove", classes.remove, Deed.TEACH),
    _post("/classes/{class_id}/invite", classes.invite, Deed.TEACH),
    _post("/classes/{class_id}/day", class_day.set_day, Deed.TEACH),
    _get("/classes/{class_id}/overview", class_day.overview, Deed.TEACH),
    _get("/classes/{class_id}/overview.csv", class_day.overview_as_csv, Deed.TEACH),
    _get("/classes/{class_id}/quizzes", class_quizzes.quizzes, Deed.TEACH),
    _post("/classes/{class_id}/quizzes", class_quizzes.add, Deed.TEACH),
    _get("/classes/{class_id}/quizzes/{quiz}", class_quizzes.result, Deed.TEACH),
    _get("/classes/{class_id}/quizzes/{quiz}/result.csv", class_quizzes.result_as_csv, Deed.TEACH),
    _post("/classes/{class_id}/quizzes/{quiz}/delete", class_quizzes.delete, Deed.TEACH),
    _post("/classes/{class_id}/links/{link}/end", classes.end_invitation, Deed.TEACH),
    _get("/classes/{class_id}/evidence", evidence.evidence, Deed.TEACH),
    _get("/classes/{class_id}/evidence/{deck}/{name}", evidence.one_card, Deed.TEACH),
    _get("/classes/{class_id}/evidence/{deck}/topics/{topic}", evidence.one_topic, Deed.TEACH),
)
FOR_PROGRAMS = (
    _get("/sw.js", worker.worker),
    _get("/offline", worker.offline),
    _get("/docs", docs.docs),
    _get("/healthz", health.alive),
    _get("/readyz", health.ready),
    _get("/metrics", health.metrics, Deed.MANAGE),
    *api.router.routes,
)

# Routes are tried in this order: what answers most often, and has least time for it, comes first.
ROUTES: tuple[BaseRoute, ...] = (
    *REVIEW,
    *COMPUTE,
    *TAKE_A_QUIZ,
    *FIND_CARDS,
    *DRILL,
    *SEE_PROGRESS,
    *CHANGE_SETTINGS,
    *WRITE_CARDS,
    *COME_IN,
    *TEACH,
    *FOR_PROGRAMS,
)

"""/demos/NAME/draws: where the draw that is shown lies among many."""

from fastapi import Request
from starlette.responses import Response

from app.demos.machine.demo import BadParametersError
from app.demos.machine.draws import bands, over
from app.demos.machine.numbers import show
from app.demos.machine.state import state_of
from app.web.demos.in_turn import may_train
from app.web.demos.results import address, asked, bad_values
from app.web.frame.errors import NotHereError
from app.web.frame.here import page


@may_train
def draws(request: Request, name: str) -> Response:
    """The numbers of a state over the seeds that `over=0..39` or `seed=0..39` asks for."""
    demo, given = asked(request, name)
    try:
        state = state_of(demo, given)
    except BadParametersError as error:
        return bad_values(request, error)
    if state.draws is None:
        raise NotHereError("This address has no range of seeds: add one such as seed=0..39.")
    computed = over(demo, state.parameters, state.draws.seeds)
    return page(
        request,
        "demos/draws.html",
        part="panel",
        demo=demo,
        state=state,
        address=address(state),
        bands=bands(computed, state.result.numbers),
        show=show,
    )

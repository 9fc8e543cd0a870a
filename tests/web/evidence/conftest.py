"""A server where everybody signs in, and a class whose learners answer as a test says."""

import pytest

from app.accounts.classes import add_instructor
from app.accounts.roles import Role
from tests.classroom import Classroom
from tests.web.people.conftest import School, school

__all__ = ["school"]


@pytest.fixture
def room(school: School) -> Classroom:
    """A class that Ida teaches."""
    made = Classroom(school.database, school.now[0])
    school.account("Ida", Role.INSTRUCTOR)
    with school.database.write() as session:
        add_instructor(session, made.id, "Ida", school.now[0])
    return made

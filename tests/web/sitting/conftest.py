"""A learner's history, for pages that tell it."""

from tests.study.conftest import new_study as new_study
from tests.study.conftest import study as study

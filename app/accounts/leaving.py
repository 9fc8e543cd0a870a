"""A learner asks to be deleted, and may think better of it until that is final."""

import logging
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session

from app.accounts import evidence
from app.accounts.sign_in import end_all
from app.tables import ACCOUNT, APP_TOKEN, ENTRY_LINK, LEARNER

log = logging.getLogger(__name__)


def leave(session: Session, learner_id: int, at: datetime) -> None:
    """Let everything of the learner's be deleted `at` that time, and let in nobody as them. Call it in a write session.

    Their sessions end, their app tokens are revoked, links for them are void, and their answers are taken out of the
    evidence of their class.
    """
    connection = session.connection()
    connection.execute(update(LEARNER).where(LEARNER.c.id == learner_id).values(leaves_at=at))
    connection.execute(delete(ENTRY_LINK).where(ENTRY_LINK.c.learner_id == learner_id))
    account_id = connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.learner_id == learner_id)).scalar()
    if account_id is not None:
        end_all(session, account_id)
        evidence.leave(session, account_id)
        for table in (APP_TOKEN, ENTRY_LINK):
            connection.execute(delete(table).where(table.c.account_id == account_id))
    log.info("A deletion was asked for.", extra={"fields": {"learner": learner_id, "at": at.isoformat()}})

"""What each role may do."""

from enum import StrEnum


class Role(StrEnum):
    """What an account is for."""

    LEARNER = "learner"
    INSTRUCTOR = "instructor"
    ADMIN = "admin"

    @property
    def with_article(self) -> str:
        """As in «you are an admin»."""
        return f"a {self}" if self is Role.LEARNER else f"an {self}"


def role_of(text: str) -> Role:
    """The role that a row says. A damaged one lets nobody do more than study."""
    return Role(text) if text in set(Role) else Role.LEARNER


class Deed(StrEnum):
    """What a page or a form is about."""

    STUDY = "study"
    """One's own cards, quizzes, statistics and settings."""
    WRITE = "write the cards"
    """The content files, with their drafts and mistakes; of an instructor's own decks."""
    TEACH = "teach classes"
    """Classes, invitations and evidence; of an instructor's own classes."""
    MANAGE = "manage accounts"
    """Accounts, all classes, and the server."""


_MAY = {
    Role.LEARNER: frozenset({Deed.STUDY}),
    Role.INSTRUCTOR: frozenset({Deed.STUDY, Deed.WRITE, Deed.TEACH}),
    Role.ADMIN: frozenset(Deed),
}


def may(role: Role, deed: Deed) -> bool:
    """True if an account of this role may do this. Whose decks and classes is asked where they are looked up."""
    return deed in _MAY[role]

"""Quizzes: choose the questions, take them, see the result."""

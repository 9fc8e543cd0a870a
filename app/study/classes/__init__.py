"""What a class does together: a day to study for, what its learners know by topic, and quizzes."""

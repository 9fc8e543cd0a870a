"""What to ask each day so that most is recalled on a date, and a forecast of it. Pure: begin with situation.py."""

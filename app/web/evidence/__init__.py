"""Pages for instructors: what their class's answers say of the cards."""

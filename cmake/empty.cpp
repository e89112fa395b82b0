// A room without sources still needs one.

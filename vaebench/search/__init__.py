"""The study: ask, evaluate, tell, persist, confirm. One coordinator owns a study; workers never touch it."""

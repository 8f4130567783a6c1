"""Pictures: matplotlib figures of a trial, a search and a leaderboard."""

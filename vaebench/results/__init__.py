"""What came out of a study: leaderboard, summary, table, files, report, plots."""

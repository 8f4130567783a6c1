"""The Python interface: the commands as functions.

running  what works on a study: run, confirm, sync
looking  what looks at a study, or generates from it: leaderboard, summary, generate, report, status, ui
"""

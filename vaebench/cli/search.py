"""The commands that search: run, confirm, and check, which only looks."""

import shlex
from pathlib import Path

import click

from vaebench.cli.options import DURATION, home_option, workers_options


@click.command()
@click.argument("study", metavar="STUDY.toml")
@click.option("--trials", type=click.IntRange(1), metavar="N", help="Search up to N trials (of each sub-study).")
@click.option("--time", "time_limit", type=DURATION, metavar="TIME", help="Stop asking after so long: 90s, 10m, 2h.")
@workers_options
@click.option("--no-confirm", is_flag=True, help="Leave the confirmation of the best out.")
@click.option("--fresh", is_flag=True, help="Forget what was run of this study and start over.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done, as `check` does.")
@home_option
def run(
    study: str,
    trials: int | None,
    time_limit: float | None,
    workers: int | None,
    cluster: str | None,
    no_confirm: bool,
    fresh: bool,
    dry_run: bool,
    home: str | None,
) -> None:
    """Search, then confirm the best trials on fresh draws. Run again, it goes on where it ended."""
    if dry_run:
        _describe(study, trials)
        return
    from vaebench import api
    from vaebench.cli.check import warn
    from vaebench.cli.progress import Progress
    from vaebench.cli.results import show
    from vaebench.study.file import load

    warn(load(Path(study)), err=True)
    with Progress() as progress:
        frame = api.run(
            study,
            home=home,
            trials=trials,
            time_limit=time_limit,
            workers=workers,
            cluster=cluster,
            confirm=not no_confirm,
            fresh=fresh,
            observer=progress,
        )
    name = api.study_name(study)
    show(frame, top=10, said=api.summary(name, home=home))
    at = f"{name} --home {shlex.quote(home)}" if home else name
    status = set(frame.loc[frame["kind"] == "trial", "status"])
    following = [f"leaderboard {at} --csv leaderboard.csv"]
    if status - {"failed"}:
        following += [f"confirm {at}"] if "confirmed" not in status else []
        following += [f"generate {at} -n 15000 -o new.csv", f"report {at}"]
    click.echo("\nNext:\n" + "".join(f"  vaebench {command}\n" for command in (*following, f"ui {at}")), nl=False)
    if status == {"failed"}:
        raise OSError("every trial failed; the leaderboard has the reasons")


@click.command()
@click.argument("study")
@click.option("--top", type=click.IntRange(1), metavar="K", help="How many of the best.  [as in the study file]")
@click.option(
    "--replicates", type=click.IntRange(1), metavar="R", help="On how many fresh draws.  [as in the study file]"
)
@workers_options
@home_option
def confirm(
    study: str, top: int | None, replicates: int | None, workers: int | None, cluster: str | None, home: str | None
) -> None:
    """Refit the best trials on draws that the search never saw."""
    from vaebench import api
    from vaebench.cli.progress import Progress
    from vaebench.cli.results import show

    with Progress() as progress:
        frame = api.confirm(
            study, home=home, top=top, replicates=replicates, workers=workers, cluster=cluster, observer=progress
        )
    show(frame, top=10, said=api.summary(study, home=home))


@click.command()
@click.argument("study", metavar="STUDY.toml")
@click.option("--trials", type=click.IntRange(1), metavar="N", help="Say what N trials (of each sub-study) cost.")
def check(study: str, trials: int | None) -> None:
    """Validate a study file and show what it searches. Writes nothing."""
    _describe(study, trials)


def _describe(study: str, trials: int | None) -> None:
    from vaebench.cli.check import describe
    from vaebench.study.file import load

    describe(load(Path(study)), trials)

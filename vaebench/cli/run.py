"""The commands that train: run and confirm; and sync, which shows what was trained."""

import click

from vaebench.cli.leaving import leaving_in_time
from vaebench.cli.options import DURATION, given_place, home_option, network_option, workers_options
from vaebench.search.local_workers import fork_server


@click.command()
@click.argument("study", metavar="STUDY.toml")
@click.option("--trials", type=click.IntRange(1), metavar="N", help="Search up to N trials (of each arm).")
@click.option(
    "--time", "time_limit", type=DURATION, metavar="TIME", help="Stop asking after so long: 90 (seconds), 10m, 2h."
)
@workers_options
@click.option("--no-confirm", is_flag=True, help="Leave the confirmation of the best out.")
@click.option("--fresh", is_flag=True, help="Forget what was run of this study and start over.")
@home_option
@network_option
def run(
    study: str,
    trials: int | None,
    time_limit: float | None,
    workers: int | None,
    cluster: str | None,
    no_confirm: bool,
    fresh: bool,
    home: str | None,
) -> None:
    """Search, then confirm the best trials on further draws. Run again, it goes on where it ended."""
    _begin_loading(workers, cluster)
    from vaebench.api import looking, running
    from vaebench.cli.progress import Progress
    from vaebench.cli.results import show

    with leaving_in_time(), Progress(study) as progress:
        frame = running.run(
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
    assert progress.definition is not None
    name = progress.definition.name
    show(frame, top=10, said=looking.summary(name, home=home))
    at = name + given_place(home)
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
    "--replicates", type=click.IntRange(1), metavar="R", help="On how many further draws.  [as in the study file]"
)
@workers_options
@home_option
@network_option
def confirm(
    study: str, top: int | None, replicates: int | None, workers: int | None, cluster: str | None, home: str | None
) -> None:
    """Refit the best trials on draws that the search never saw."""
    _begin_loading(workers, cluster)
    from vaebench.api import looking, running
    from vaebench.cli.progress import Progress
    from vaebench.cli.results import show

    name = looking.study_name(study)
    with leaving_in_time(), Progress() as progress:
        frame = running.confirm(
            name, home=home, top=top, replicates=replicates, workers=workers, cluster=cluster, observer=progress
        )
    show(frame, top=10, said=looking.summary(name, home=home))


@click.command()
@click.argument("study")
@workers_options
@home_option
@network_option
def sync(study: str, workers: int | None, cluster: str | None, home: str | None) -> None:
    """Write to MLflow what is missing there.

    A run does so by itself: this is for a store that was away, damaged or deleted.
    """
    from vaebench.api import looking, running
    from vaebench.cli.progress import Progress

    name = looking.study_name(study)
    with leaving_in_time(), Progress() as progress:
        trials = running.sync(name, home=home, workers=workers, cluster=cluster, observer=progress)
    click.echo(f"{name}: MLflow is up to date, all {trials} trials are there")


def _begin_loading(workers: int | None, cluster: str | None) -> None:
    """Start to load what workers need, which takes longest, beside all that comes first. It ends with the command."""
    if workers != 0 and cluster is None:
        click.get_current_context().with_resource(fork_server())

"""The command line. Each command imports what it needs when it runs, so that `vaebench --help` answers at once.

run                  run, confirm, sync
check                check
columns              the table of a file's columns that check prints
describe, doubts     what check prints: data, cost, space; doubts about the study
results              status, leaderboard, report, generate
ui                   ui
parts                variants, losses, latent-samplers, data-sets, baselines
selftest             selftest
leaving              ends a run in time after a signal
progress, time_left  the progress of a run, and an estimate of the time left
options              shared options, durations
"""

import signal
import sys
from typing import Any

import click

from vaebench.cli import check, parts, results, run, selftest, ui
from vaebench.cli.leaving import KEPT, say
from vaebench.errors import InputError, NoResult, in_words


class Commands(click.Group):
    """A group whose commands exit with one message: status 2 for wrong input, 1 for a failure, 128 + N for signal N."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List commands in the order of use, not of the alphabet."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what stands before a command. An option of a command's may not: say so."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if owners := self._with_option(error.option_name):
                raise click.UsageError(
                    f"{error.option_name} belongs behind a command: vaebench {owners[0]} ... {error.option_name}", ctx
                ) from None
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and turn errors into messages."""
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            owners = self._with_option(error.option_name)
            if not owners:
                raise
            raise click.UsageError(
                f"{ctx.invoked_subcommand} has no {error.option_name}, which is an option of {', '.join(owners)}",
                error.ctx,
            ) from None
        except InputError as error:
            status, why = 2, f"error: {error}"
        except BrokenPipeError:  # `vaebench ... | head`: click ends quietly
            raise
        except MemoryError:
            status, why = 1, "error: there is not enough memory; what is finished is kept"
        except OSError as error:  # the workers are gone, a full disk, ...
            status, why = 1, f"error: {in_words(error)}"
        except NoResult as error:
            status, why = 1, f"error: {error}"
        except KeyboardInterrupt as error:
            status = 128 + getattr(error, "number", signal.SIGINT)
            why = f"stopped; {KEPT}" if ctx.invoked_subcommand in ("run", "confirm", "sync") else "stopped"
        say(why)
        ctx.exit(status)

    def _with_option(self, option: str) -> list[str]:
        """Return the names of the commands that have an option, in the order of use."""
        return [
            name for name, command in self.commands.items() if any(option in param.opts for param in command.params)
        ]


HELP = """Find the autoencoder that is the best generator of more rows like yours.

\b
vaebench check studies/gaussian.toml            what it searches and costs
vaebench run studies/gaussian.toml              search, then confirm the best
vaebench leaderboard gaussian --csv best.csv    what came out
vaebench report gaussian                        all of it on one HTML page
vaebench ui gaussian                            every trial in MLflow
vaebench generate gaussian -n 15000 -o new.csv  new rows from the best

STUDY is a study's name or its file; check and run take the file; check takes a table, too.
All state lives in one folder: --home, VAEBENCH_HOME, else runs/.
"""


@click.group(cls=Commands, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vaebench")
def main() -> None:
    """Run a command."""
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")


for command in (
    run.run,
    check.check,
    results.status,
    results.leaderboard,
    results.report,
    run.confirm,
    results.generate,
    ui.ui,
    run.sync,
    selftest.selftest,
    *parts.commands(),
):
    main.add_command(command)

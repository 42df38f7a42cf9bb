"""The command `oma`.  A command imports what it needs when it is called, so that help and completion come at once."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ohmyagent import __version__
from ohmyagent.cli import manual, words
from ohmyagent.cli.problems import Stop


class Listed(StrEnum):
    """What `oma ls` can list."""

    AGENTS = "agents"
    RUNS = "runs"


class Cloud(StrEnum):
    """Where `oma deploy` can put it."""

    GCP = "gcp"


Json = Annotated[bool, typer.Option("--json", help=words.JSON())]
Id = Annotated[str, typer.Argument(metavar="ID", help=words.ID())]
RunId = Annotated[str, typer.Argument(metavar="ID", help=words.RUN_ID())]

oma = typer.Typer(
    cls=manual.Group,
    name="oma",
    help=words.ABOUT(),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@oma.callback()
def options(
    version: Annotated[bool, typer.Option("--version", help=words.VERSION(), callback=_version, is_eager=True)] = False,
) -> None:
    """Options of the command itself."""


@oma.command(cls=manual.Command, help=words.ABOUT_UP())
def up(
    demo: Annotated[bool, typer.Option("--demo", help=words.DEMO())] = False,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help=words.PORT())] = None,
    as_json: Json = False,
) -> None:
    from ohmyagent.cli import starting

    raise typer.Exit(starting.up(demo=demo, port=port, as_json=as_json))


@oma.command(cls=manual.Command, help=words.ABOUT_DOCTOR())
def doctor(
    target: Annotated[str | None, typer.Option("--target", metavar="local|gcp", help=words.CLOUD_TARGET())] = None,
    as_json: Json = False,
) -> None:
    from ohmyagent.cli import examining

    raise typer.Exit(examining.doctor(as_json=as_json, target=target))


@oma.command(cls=manual.Command, help=words.ABOUT_RUN())
def run(
    file: Annotated[Path, typer.Argument(metavar="FILE.md", help=words.FILE())],
    input: Annotated[str | None, typer.Option("--input", "-i", metavar="TEXT|@FILE", help=words.INPUT())] = None,
    as_json: Json = False,
) -> None:
    from ohmyagent.cli import runs, starting

    job = runs.job(file, input)
    with starting.platform() as client:
        raise typer.Exit(runs.run(client, job, as_json=as_json))


@oma.command(cls=manual.Command, help=words.ABOUT_LS())
def ls(
    what: Annotated[Listed, typer.Argument(help=words.WHAT())] = Listed.AGENTS,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help=words.LIMIT())] = 20,
    as_json: Json = False,
) -> None:
    from ohmyagent.cli import listing, surroundings

    table = listing.agents if what is Listed.AGENTS else listing.runs
    table(surroundings.connect(), limit, as_json=as_json)


@oma.command(cls=manual.Command, help=words.ABOUT_SHOW())
def show(id: Id, as_json: Json = False) -> None:
    from ohmyagent.cli import listing, surroundings

    listing.show(surroundings.connect(), id, as_json=as_json)


@oma.command(cls=manual.Command, help=words.ABOUT_LOGS())
def logs(
    id: RunId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help=words.FOLLOW())] = False,
    as_json: Json = False,
) -> None:
    from ohmyagent.cli import runs, surroundings

    runs.logs(surroundings.connect(), id, follow=follow, as_json=as_json)


@oma.command(cls=manual.Command, help=words.ABOUT_CANCEL())
def cancel(id: RunId, as_json: Json = False) -> None:
    from ohmyagent.cli import runs, surroundings

    runs.cancel(surroundings.connect(), id, as_json=as_json)


@oma.command(cls=manual.Command, help=words.ABOUT_RETRY())
def retry(id: RunId, as_json: Json = False) -> None:
    from ohmyagent.cli import runs, surroundings

    runs.retry(surroundings.connect(), id, as_json=as_json)


@oma.command(cls=manual.Command, help=words.ABOUT_APPLY())
def apply(
    file: Annotated[Path, typer.Option("--file", "-f", metavar="DIR", help=words.APPLY_FILE())],
    dry_run: Annotated[bool, typer.Option("--dry-run", help=words.DRY_RUN())] = False,
    as_json: Json = False,
) -> None:
    from ohmyagent.cli import agent_files, surroundings

    agent_files.apply(surroundings.connect, file, dry=dry_run, as_json=as_json)


@oma.command(cls=manual.Command, help=words.ABOUT_EXPORT())
def export(
    id: Annotated[str | None, typer.Argument(metavar="[ID]", help=words.ID(), show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help=words.ALL())] = False,
    folder: Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help=words.FOLDER())] = None,
    as_json: Json = False,
) -> None:
    from ohmyagent.cli import agent_files, surroundings

    agent_files.export(surroundings.connect(), id, folder, everything=everything, as_json=as_json)


@oma.command(cls=manual.Command, help=words.ABOUT_BACKUP())
def backup(
    copy: Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help=words.BACKUP_FILE())] = None,
    as_json: Json = False,
) -> None:
    from ohmyagent.cli import upkeep

    upkeep.backup(copy, as_json=as_json)


@oma.command(cls=manual.Command, help=words.ABOUT_RESTORE())
def restore(
    file: Annotated[Path, typer.Argument(metavar="BACKUP", help=words.RESTORE_FILE())], as_json: Json = False
) -> None:
    from ohmyagent.cli import upkeep

    upkeep.restore(file, as_json=as_json)


@oma.command(cls=manual.Command, help=words.ABOUT_MIGRATE())
def migrate(as_json: Json = False) -> None:
    from ohmyagent.cli import upkeep

    upkeep.migrate(as_json=as_json)


@oma.command("open", cls=manual.Command, help=words.ABOUT_OPEN())
def open_page(as_json: Json = False) -> None:
    from ohmyagent.cli import starting, surroundings

    starting.open_page(surroundings.connect(), as_json=as_json)


@oma.command(cls=manual.Command, help=words.ABOUT_DEPLOY())
def deploy(
    cloud: Annotated[Cloud, typer.Argument(help=words.CLOUD())],
    project: Annotated[str, typer.Option("--project", metavar="ID", help=words.PROJECT())],
    region: Annotated[str, typer.Option("--region", help=words.REGION())] = "asia-northeast3",
    environment: Annotated[str, typer.Option("--environment", help=words.ENVIRONMENT())] = "prod",
    github: Annotated[str, typer.Option("--github", metavar="OWNER/NAME", help=words.GITHUB())] = "",
    billing_account: Annotated[str, typer.Option("--billing-account", metavar="ID", help=words.BILLING())] = "",
    alert_email: Annotated[str, typer.Option("--alert-email", help=words.ALERTS())] = "",
    site_domain: Annotated[str, typer.Option("--site-domain", help=words.SITE_DOMAIN())] = "",
    stream_domain: Annotated[str, typer.Option("--stream-domain", help=words.STREAM_DOMAIN())] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help=words.SHOW_STEPS())] = False,
    sure: Annotated[bool, typer.Option("--yes", "-y", help=words.SURE())] = False,
    as_json: Json = False,
) -> None:
    from ohmyagent.cli import deploying

    plan = deploying.Plan(
        project, region, environment, github, billing_account, alert_email, site_domain, stream_domain
    )
    deploying.deploy(plan, dry=dry_run, sure=sure, as_json=as_json)


def main() -> None:
    """Exit codes: 0 fine, 1 a run or a check failed or the platform refused, 2 not given as it should be."""
    try:
        sys.exit(manual.run(oma))
    except Stop as stop:
        typer.echo(str(stop), err=True)
        sys.exit(stop.code)


if __name__ == "__main__":
    main()

"""`nearside`: its commands. Exit codes: 0 done, 1 not done, 2 asked wrongly."""

import typer

from gateway.cli import bench, check, demo, importing, report, scores, serve, users
from gateway.cli.options import with_settings

app = typer.Typer(
    name="nearside",
    help="Roadside-rescue dispatch: the nearest able dealer goes, and its score moves by rules that all can check.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
user = typer.Typer(help="People who sign in.", no_args_is_help=True)
imports = typer.Typer(
    help="Files into the store. Good rows are kept, every other one is listed with its line and the reason.",
    no_args_is_help=True,
)
reports = typer.Typer(help="Reports for the OEM.", no_args_is_help=True)
benches = typer.Typer(
    help="This product measured against the bare limit in one run; ratios are printed.", no_args_is_help=True
)

app.command("demo")(with_settings(demo.demo))
app.command("serve")(with_settings(serve.serve))
app.command("migrate")(with_settings(check.migrate))
app.command("check")(with_settings(check.check))
app.command("scores")(with_settings(scores.scores))
user.command("add")(with_settings(users.add))
imports.command("dealers")(with_settings(importing.dealers))
imports.command("vehicles")(with_settings(importing.vehicles))
imports.command("cases")(with_settings(importing.cases))
reports.command("weekly")(with_settings(report.weekly))
benches.command("ingest")(with_settings(bench.ingest))
benches.command("decide")(with_settings(bench.decide))
benches.command("feed")(with_settings(bench.feed))
app.add_typer(user, name="user")
app.add_typer(imports, name="import")
app.add_typer(reports, name="report")
app.add_typer(benches, name="bench")


def main() -> None:
    """Run the command line."""
    app()

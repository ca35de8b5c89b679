"""bukhindor doctor: problems, and how to solve them."""

import click

from bukhindor.cli.access import read_settings
from bukhindor.cli.findings import Finding, State
from bukhindor.cli.printing import json_option, print_json, say, say_wrapped
from bukhindor.cli.refusal import MISCONFIGURED, REFUSED, Refusal, parsed
from bukhindor.config import ConfigurationError
from bukhindor.domain.email_address import EmailAddress

_STATE_WIDTH = 9
_COLOURS = {State.OK: "green", State.WARNING: "yellow", State.PROBLEM: "red"}


@click.command("doctor")
@click.option("--send-mail", "recipient", metavar="ADDRESS", help="Send a test mail to ADDRESS.")
@click.option(
    "--app-links", "app_links", is_flag=True, help="Fetch the files of PUBLIC_URL and APP_URL that phones read."
)
@json_option
@click.pass_context
def command(ctx: click.Context, recipient: str | None, app_links: bool, as_json: bool) -> None:
    """Check everything that the service needs, without changing anything. Exit with 1 when there is a problem."""
    from bukhindor.cli import checks

    address = None if recipient is None else parsed("--send-mail", EmailAddress, recipient)
    try:
        settings = read_settings()
    except ConfigurationError as error:
        findings = checks.of_bad_configuration(error)
        exit_code = MISCONFIGURED
    else:
        if address is not None and not settings.mail.server:
            raise Refusal("This installation sends no mail: set SMTP_URL to send one.")
        findings = checks.of_installation(settings, address, app_links=app_links)
        exit_code = REFUSED

    found = []
    for finding in findings:
        found.append(finding)
        if not as_json:
            _show(finding)
    problems = sum(finding.state is State.PROBLEM for finding in found)
    if as_json:
        print_json({"problems": problems, "checks": found})
    elif problems:
        say(f"{problems} problem{'s' * (problems > 1)} found.")
    else:
        say("No problem found.")
    ctx.exit(exit_code if problems else 0)


def _show(finding: Finding) -> None:
    advice = f" {finding.advice}." if finding.advice else ""
    click.secho(f"{finding.state:{_STATE_WIDTH}}", fg=_COLOURS[finding.state], nl=False)
    say_wrapped(f"{finding.check}: {finding.found}.{advice}", _STATE_WIDTH)

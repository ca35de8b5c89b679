"""An option that is a duration: 7d, 1h30m, …"""

from datetime import timedelta

import click

from bukhindor.config.durations import parse_duration


class Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        try:
            duration = parse_duration(value)
        except ValueError as error:
            self.fail(f"{error}; for example 7d or 1h30m", param, ctx)
        if not timedelta() < duration <= timedelta(days=36_500):
            self.fail("this must be from 1s to 36500d", param, ctx)
        return duration

"""For checkpoints and coordinators at a terminal: watch the feed, and have one alert explained."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Styled

from schemas.alerts import OPEN_STATES, Alert, Severity, Text
from schemas.policy import Policy
from schemas.topics import ALERTS
from streams.cluster import plain, servers, teller_of
from streams.commands.terminal import COLOURS, Exit, console, fail, in_force, run, without_secrets
from streams.deliver import Feeds
from streams.reading import following


class Language(StrEnum):
    """Of the sentences shown."""

    ID = "id"
    EN = "en"


def said(text: Text, language: Language) -> str:
    """A sentence in the language asked for."""
    return text.id if language is Language.ID else text.en


def local(moment: datetime, place: str, policy: Policy) -> str:
    """Port-local time with the name of its zone."""
    row = policy.checkpoints.get(place)
    there = moment.astimezone(ZoneInfo(row.zone if row else "Asia/Jakarta"))
    return f"{there:%d %b %H:%M:%S} {there.tzname()}"


def headline(alert: Alert, policy: Policy, language: Language) -> Styled:
    """One line: when, where, how grave, what state, and the first reason."""
    colour = COLOURS[alert.severity] if alert.state in OPEN_STATES else "dim"
    line = Styled()
    line.append(f"{local(alert.at, alert.place, policy)}  {alert.place:<7} ", style="dim")
    line.append(f"{alert.severity.name:<8} {alert.state.value:<10} ", style=colour)
    line.append(said(alert.indications[0].why, language), style=colour)
    if len(alert.indications) > 1:
        line.append(f" (+{len(alert.indications) - 1})", style="dim")
    line.append(f"  {alert.alert_id[:12]} r{alert.revision}", style="dim")
    return line


def watch(
    checkpoint: Annotated[str, typer.Option(help="Only this TPI, such as A-CGK")] = "",
    severity: Annotated[str, typer.Option(help="At least: LOW, MEDIUM, HIGH, CRITICAL")] = "MEDIUM",
    since: Annotated[float, typer.Option(help="Begin so many seconds back")] = 0.0,
    language: Annotated[Language, typer.Option(help="Of the sentences")] = Language.ID,
) -> None:
    """Follow the alerts in this terminal until Ctrl-C.

    Example: suar watch --checkpoint S-BTC --severity HIGH --since 3600 --language en
    """
    if severity.upper() not in Severity.__members__:
        fail(f"no severity {severity}: use LOW, MEDIUM, HIGH or CRITICAL")
    config = without_secrets()
    policy = in_force(config.policy)
    least = Severity[severity.upper()]

    async def work() -> None:
        async for record in following(config.kafka, ALERTS.name, since_seconds=since):
            alert = Alert.model_validate_json(record.value or b"")
            if alert.severity >= least and checkpoint in {"", alert.place}:
                console.print(headline(alert, policy, language), soft_wrap=True)

    try:
        run(work())
    except KeyboardInterrupt:
        raise typer.Exit(int(Exit.OK)) from None


def explain(
    alert_id: Annotated[str, typer.Argument(help="The alert's id, or how it begins")],
    language: Annotated[Language, typer.Option(help="Of the sentences")] = Language.ID,
) -> None:
    """Why an alert stands: rules, evidence, feeds, what would clear it, what to ask.

    Example: suar explain 5f0c12ab34cd --language en
    """
    config = without_secrets()
    policy = in_force(config.policy)

    async def work() -> Alert | None:
        teller = teller_of(config, plain)
        feeds = Feeds(teller, config)
        found = await feeds.alert(alert_id)
        for client in await servers(config) if found is None else ():
            async for key in client.scan_iter(f"{feeds.keys.alert(alert_id)}*", count=1000):
                found = await feeds.alert(key.decode().rpartition(":")[2])
                break
            await client.aclose()
        await teller.close()
        return found

    alert = run(work())
    if alert is None:
        fail(f"no alert {alert_id} on the feeds: see `suar watch --since 86400`", Exit.NOT_FOUND)
    console.print(explanation(alert, policy, language))


def explanation(alert: Alert, policy: Policy, language: Language) -> Panel:
    """The whole of an alert for people."""
    rules = Table("rule", "family", "strength", "severity", "confidence", "why", box=None)
    for one in alert.indications:
        name = f"{one.rule}@{one.version}"
        rules.add_row(name, one.family, one.strength, one.severity.name, one.confidence, said(one.why, language))
    evidence = Table("when", "system", "event", "id", box=None)
    for fact in alert.evidence:
        evidence.add_row(local(fact.at, alert.place, policy), fact.system, fact.type, fact.event_id)
    feeds = Table("feed", "complete up to", "age", "live", box=None)
    for feed in alert.freshness:
        upto = local(feed.complete_up_to, alert.place, policy) if feed.complete_up_to else "never heard"
        age = "–" if feed.age_seconds is None else f"{feed.age_seconds:.0f} s"
        feeds.add_row(feed.source.value.upper(), upto, age, "yes" if feed.live else "[red]no[/red]")
    parts: list[RenderableType] = [rules, "", evidence, "", feeds, ""]
    for title, texts in (
        ("Penjelasan yang wajar" if language is Language.ID else "Innocent explanation", alert.innocent),
        ("Yang menjernihkan" if language is Language.ID else "What would clear it", alert.clears),
        ("Tanyakan" if language is Language.ID else "Ask", alert.questions),
    ):
        parts.append(f"[bold]{title}[/bold]")
        parts += [f"  • {said(text, language)}" for text in texts]
    whom = ", ".join(one.feed for one in alert.recipients)
    grounds = ", ".join(ground.value for ground in alert.grounds)
    parts.append(f"[dim]grounds an officer may choose: {grounds} · told: {whom}[/dim]")
    parts.append(
        f"[dim]policy {alert.policy_version} · expires {local(alert.expires_at, alert.place, policy)} · trace {alert.trace_id}[/dim]"
    )
    return Panel(Group(*parts), title=headline(alert, policy, language), border_style=COLOURS[alert.severity])

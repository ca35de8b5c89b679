"""The words that all pages share, in both languages."""

from dataclasses import dataclass

from bukhindor.domain.origin import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`help` names the link to the team's support; `nothing_here` and `refused` are titles of refusals."""

    help: str
    nothing_here: str
    refused: str
    home: str
    home_docs: str
    home_mailbox: str
    home_health: str


WORDS = {
    Language.ENGLISH: Words(
        help="Help",
        nothing_here="This page does not exist",
        refused="That did not work",
        home="The service runs in development. This page does not exist in production.",
        home_docs="API documentation",
        home_mailbox="Development mailbox",
        home_health="Health of the service",
    ),
    Language.RUSSIAN: Words(
        help="Помощь",
        nothing_here="Такой страницы нет",
        refused="Не получилось",
        home="Сервис работает в режиме разработки. В рабочем режиме этой страницы нет.",
        home_docs="Документация API",
        home_mailbox="Почтовый ящик разработчика",
        home_health="Состояние сервиса",
    ),
}

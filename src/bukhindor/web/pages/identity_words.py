"""The words of the pages about accounts at other providers, in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass

from bukhindor.domain.origin import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityWords:
    """`failures` are sentences by the word that the callback gives; `failed` stands for all others."""

    title: str
    explanation: str
    continue_with: str
    connect: str
    connected: str
    last_used: str
    unverified: str
    private: str
    remove: str
    none: str
    leaving: str
    failed: str
    failures: Mapping[str, str]

    def failure(self, word: str) -> str:
        return self.failures.get(word, self.failed)


IDENTITIES = {
    Language.ENGLISH: IdentityWords(
        title="Linked accounts",
        explanation="With a linked account you sign in here without a password of its own.",
        continue_with="Continue with",
        connect="Connect",
        connected="Connected",
        last_used="Last used",
        unverified="This address is not verified there.",
        private="Apple forwards mails to this address.",
        remove="Disconnect",
        none="No account is linked yet.",
        leaving="You are on your way to",
        failed="The sign-in there did not work. Try again, or sign in another way.",
        failures={
            "access_denied": "You did not complete the sign-in there.",
            "invalid_web_flow": (
                "This sign-in was begun in another browser, has been completed, or took longer than ten minutes. "
                "Begin again."
            ),
            "provider_unavailable": "The provider is not available. Try again in a moment, or sign in another way.",
        },
    ),
    Language.RUSSIAN: IdentityWords(
        title="Привязанные учётные записи",
        explanation="С привязанной учётной записью вы входите сюда без отдельного пароля.",
        continue_with="Продолжить с",
        connect="Привязать",
        connected="Привязана",
        last_used="Последний вход",
        unverified="Этот адрес там не подтверждён.",
        private="На этот адрес письма пересылает Apple.",
        remove="Отвязать",
        none="Пока ни одна учётная запись не привязана.",
        leaving="Вы переходите на страницу",
        failed="Войти там не получилось. Попробуйте ещё раз или войдите по-другому.",
        failures={
            "access_denied": "Вы не завершили вход там.",
            "invalid_web_flow": (
                "Этот вход начат в другом браузере, уже завершён или длился больше десяти минут. Начните снова."
            ),
            "provider_unavailable": "Провайдер сейчас недоступен. Попробуйте чуть позже или войдите по-другому.",
        },
    ),
}

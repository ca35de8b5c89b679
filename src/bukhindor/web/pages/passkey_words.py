"""The words of the pages about passkeys, in both languages."""

from dataclasses import dataclass

from bukhindor.domain.origin import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyWords:
    title: str
    explanation: str
    added_at: str
    last_used: str
    name: str
    rename: str
    remove: str
    add: str
    needs_script: str
    sign_in: str
    use: str
    failed: str


PASSKEYS = {
    Language.ENGLISH: PasskeyWords(
        title="Passkeys",
        explanation=(
            "A passkey signs you in with your fingerprint, your face or the lock of your device, without a password."
        ),
        added_at="Added",
        last_used="Last used",
        name="Name",
        rename="Rename",
        remove="Remove",
        add="Add a passkey",
        needs_script="To add a passkey, allow scripts on this page.",
        sign_in="Sign in with a passkey",
        use="Use a passkey",
        failed="That did not work. Open this page again.",
    ),
    Language.RUSSIAN: PasskeyWords(
        title="Ключи доступа",
        explanation=(
            "С ключом доступа вы входите по отпечатку пальца, по лицу или разблокировав устройство — без пароля."
        ),
        added_at="Добавлен",
        last_used="Последнее использование",
        name="Название",
        rename="Переименовать",
        remove="Удалить",
        add="Добавить ключ доступа",
        needs_script="Чтобы добавить ключ доступа, разрешите на этой странице скрипты.",
        sign_in="Войти с ключом доступа",
        use="Использовать ключ доступа",
        failed="Не получилось. Откройте эту страницу заново.",
    ),
}

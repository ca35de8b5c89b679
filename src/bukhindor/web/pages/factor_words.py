"""The words of the pages about second factors, in both languages."""

from dataclasses import dataclass

from bukhindor.domain.origin import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorWords:
    title: str
    explanation: str
    unnamed: str
    added_at: str
    remove: str
    add: str
    name: str
    name_note: str
    scan: str
    secret: str
    code: str
    confirm: str
    next_code: str
    codes_left: str
    new_codes: str
    codes_title: str
    codes_explanation: str
    second_factor: str
    second_factor_explanation: str
    recovery_code: str
    without_app: str
    use_recovery_code: str


FACTORS = {
    Language.ENGLISH: FactorWords(
        title="Second factor",
        explanation="With an authenticator app, a stolen password alone signs no stranger in.",
        unnamed="Authenticator app",
        added_at="Added",
        remove="Remove",
        add="Add an authenticator app",
        name="Name",
        name_note="Such as “My phone”; it may stay empty.",
        scan=(
            "Scan this code with your authenticator app, or type the secret into it. Then enter the six digits that it"
            " shows."
        ),
        secret="Secret",
        code="Code from the app",
        confirm="Confirm",
        next_code="Your app has this account already. Enter the next six digits that it shows.",
        codes_left="Recovery codes left",
        new_codes="Make new recovery codes",
        codes_title="Your recovery codes",
        codes_explanation=(
            "Keep them where you find them without your phone. Each takes the place of the app once. They are shown "
            "only now."
        ),
        second_factor="Second factor",
        second_factor_explanation="Enter the six digits that your authenticator app shows now.",
        recovery_code="Recovery code",
        without_app="Without your app",
        use_recovery_code="Use a recovery code",
    ),
    Language.RUSSIAN: FactorWords(
        title="Второй фактор",
        explanation="С приложением-аутентификатором одного украденного пароля для входа мало.",
        unnamed="Приложение-аутентификатор",
        added_at="Добавлено",
        remove="Удалить",
        add="Добавить приложение-аутентификатор",
        name="Название",
        name_note="Например, «Мой телефон»; можно оставить пустым.",
        scan=(
            "Отсканируйте код приложением-аутентификатором или введите в него секрет. Затем введите шесть цифр, "
            "которые оно показывает."
        ),
        secret="Секрет",
        code="Код из приложения",
        confirm="Подтвердить",
        next_code="Эта учётная запись уже есть в приложении. Введите следующие шесть цифр, которые оно покажет.",
        codes_left="Осталось кодов восстановления",
        new_codes="Создать новые коды восстановления",
        codes_title="Ваши коды восстановления",
        codes_explanation=(
            "Храните их там, где найдёте и без телефона. Каждый один раз заменяет приложение. Показаны они только "
            "сейчас."
        ),
        second_factor="Второй фактор",
        second_factor_explanation="Введите шесть цифр, которые сейчас показывает приложение-аутентификатор.",
        recovery_code="Код восстановления",
        without_app="Без приложения",
        use_recovery_code="Войти по коду восстановления",
    ),
}

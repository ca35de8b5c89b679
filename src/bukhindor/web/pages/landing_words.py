"""The words of the pages that mailed links lead to, in both languages."""

from dataclasses import dataclass

from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import Language


@dataclass(frozen=True, slots=True)
class PageWords:
    """`password` labels the only field, "" means no field; `note` stands below it.

    `done_without_password` is shown when the account's password was missing or wrong.
    """

    title: str
    explanation: str
    password: str
    note: str
    button: str
    done: str
    done_without_password: str = ""


OPEN_IN_APP = {Language.ENGLISH: "Open in the app", Language.RUSSIAN: "Открыть в приложении"}
TYPE_THE_CODE = {
    Language.ENGLISH: "Or type the code from the mail in the app.",
    Language.RUSSIAN: "Или введите в приложении код из письма.",
}

PAGES: dict[Purpose, dict[Language, PageWords]] = {
    Purpose.RESET_PASSWORD: {
        Language.ENGLISH: PageWords(
            "Choose a new password",
            "Your password will be replaced, and every device will be signed out.",
            "New password",
            "A long one that you use nowhere else; the common ones are refused.",
            "Change the password",
            "The password has been changed. Sign in with the new one.",
        ),
        Language.RUSSIAN: PageWords(
            "Новый пароль",
            "Пароль будет заменён, а на всех устройствах нужно будет войти заново.",
            "Новый пароль",
            "Длинный и только для этого сервиса; распространённые не принимаются.",
            "Сменить пароль",
            "Пароль изменён. Войдите с новым паролем.",
        ),
    },
    Purpose.VERIFY_EMAIL: {
        Language.ENGLISH: PageWords(
            "Verify your address",
            "You confirm that this mailbox is yours.",
            "Your password (optional)",
            "Without it every device is signed out, and you get a mail to choose a new password: the person who "
            "registered with your address may not have been you.",
            "Verify the address",
            "The address is verified.",
            "The address is verified. A mail to choose a new password is on its way.",
        ),
        Language.RUSSIAN: PageWords(
            "Подтверждение адреса",
            "Вы подтверждаете, что этот почтовый ящик ваш.",
            "Ваш пароль (необязательно)",
            "Без него на всех устройствах нужно будет войти заново, и придёт письмо для выбора нового пароля: "
            "возможно, с вашим адресом зарегистрировались не вы.",
            "Подтвердить адрес",
            "Адрес подтверждён.",
            "Адрес подтверждён. Письмо для выбора нового пароля уже в пути.",
        ),
    },
    Purpose.CHANGE_EMAIL: {
        Language.ENGLISH: PageWords(
            "Confirm your new address",
            "Your account moves to the address this mail was sent to.",
            "",
            "",
            "Confirm the address",
            "The address has been changed.",
        ),
        Language.RUSSIAN: PageWords(
            "Подтверждение нового адреса",
            "Учётная запись перейдёт на адрес, на который пришло это письмо.",
            "",
            "",
            "Подтвердить адрес",
            "Адрес изменён.",
        ),
    },
}

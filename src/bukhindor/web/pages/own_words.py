"""The words of the pages that sign in and manage the own account, in both languages."""

from dataclasses import dataclass

from bukhindor.domain.origin import Language

LANGUAGES = {"en": "English", "ru": "Русский"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWords:
    title: str
    error: str
    email: str
    current_password: str
    new_password: str
    new_password_note: str
    sign_in: str
    sign_in_button: str
    forgotten: str
    mail_link: str
    or_by_mail: str
    mail_code: str
    code_title: str
    code_sent: str
    code: str
    other_way: str
    signed_in_as: str
    not_verified: str
    no_address: str
    name: str
    language: str
    unknown_language: str
    save: str
    sessions: str
    this_device: str
    unknown_device: str
    signed_in_at: str
    last_seen: str
    end_session: str
    end_others: str
    passkeys: str
    identities: str
    factors: str
    password: str
    password_changed: str
    without_password: str
    address: str
    address_asked: str
    new_email: str
    export: str
    deletion: str
    deletion_warning: str
    delete: str
    deleted: str
    sign_out: str
    back: str
    go_on: str


OWN = {
    Language.ENGLISH: OwnWords(
        title="Your account",
        error="Error",
        email="Email address",
        current_password="Password",
        new_password="New password",
        new_password_note="At least eight characters. Every other device is signed out.",
        sign_in="Sign in",
        sign_in_button="Sign in",
        forgotten="Forgot your password?",
        mail_link="Send me a link",
        or_by_mail="Without a password",
        mail_code="Send me a code",
        code_title="Enter the code",
        code_sent="If there is an account with this address, a mail with a code of eight digits is on its way.",
        code="Code",
        other_way="Sign in another way",
        signed_in_as="Signed in as",
        not_verified="This address is not verified yet.",
        no_address="This account has no email address yet. Add one, so that you can sign in elsewhere.",
        name="Name",
        language="Language of mails",
        unknown_language="Not chosen",
        save="Save",
        sessions="Devices",
        this_device="This device",
        unknown_device="Unknown device",
        signed_in_at="Signed in",
        last_seen="Last used",
        end_session="Sign out",
        end_others="Sign out all other devices",
        passkeys="Passkeys",
        identities="Linked accounts",
        factors="Second factor",
        password="Change the password",
        password_changed="The password has been changed. Every other device has been signed out.",
        without_password="This account has no password yet. Choose one to sign in with it.",
        address="Change the address",
        address_asked="A mail to confirm the new address is on its way; until then the old one stands.",
        new_email="New email address",
        export="Download your data",
        deletion="Delete the account",
        deletion_warning="The account and everything personal is deleted at once. This can't be undone.",
        delete="Delete the account for good",
        deleted="The account and everything personal is gone.",
        sign_out="Sign out",
        back="Back to your account",
        go_on="Continue",
    ),
    Language.RUSSIAN: OwnWords(
        title="Ваша учётная запись",
        error="Ошибка",
        email="Адрес электронной почты",
        current_password="Пароль",
        new_password="Новый пароль",
        new_password_note="Не менее восьми символов. На всех других устройствах произойдёт выход.",
        sign_in="Вход",
        sign_in_button="Войти",
        forgotten="Забыли пароль?",
        mail_link="Прислать ссылку",
        or_by_mail="Без пароля",
        mail_code="Прислать код",
        code_title="Введите код",
        code_sent="Если учётная запись с этим адресом есть, на него отправлено письмо с кодом из восьми цифр.",
        code="Код",
        other_way="Войти по-другому",
        signed_in_as="Вы вошли как",
        not_verified="Этот адрес ещё не подтверждён.",
        no_address="У этой учётной записи ещё нет адреса. Добавьте его, чтобы войти и с другого устройства.",
        name="Имя",
        language="Язык писем",
        unknown_language="Не выбран",
        save="Сохранить",
        sessions="Устройства",
        this_device="Это устройство",
        unknown_device="Неизвестное устройство",
        signed_in_at="Вход",
        last_seen="Последнее использование",
        end_session="Выйти",
        end_others="Выйти на всех других устройствах",
        passkeys="Ключи доступа",
        identities="Привязанные учётные записи",
        factors="Второй фактор",
        password="Смена пароля",
        password_changed="Пароль изменён. На всех других устройствах произошёл выход.",
        without_password="У этой учётной записи ещё нет пароля. Выберите его, чтобы входить и с ним.",
        address="Смена адреса",
        address_asked="На новый адрес отправлено письмо для подтверждения; до тех пор действует прежний.",
        new_email="Новый адрес электронной почты",
        export="Скачать свои данные",
        deletion="Удаление учётной записи",
        deletion_warning="Учётная запись и все личные данные удаляются сразу. Отменить это нельзя.",
        delete="Удалить учётную запись навсегда",
        deleted="Учётная запись и все личные данные удалены.",
        sign_out="Выйти",
        back="Назад к учётной записи",
        go_on="Продолжить",
    ),
}

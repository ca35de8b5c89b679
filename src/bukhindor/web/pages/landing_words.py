"""The words of the pages that mailed links lead to, in both languages."""

from dataclasses import dataclass

from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingWords:
    """The texts that all of these pages share."""

    for_account: str
    error: str
    show_password: str
    hide_password: str
    open_in_app: str
    type_the_code: str
    back_to_app: str
    your_account: str
    close_page: str
    dead: str
    email: str
    send: str
    sent_title: str
    sent: str
    sent_next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """`password` labels the only field, "" means no field; `note` stands below it. `dead_next` says what helps a
    person whose link is dead."""

    title: str
    explanation: str
    password: str = ""
    note: str = ""
    button: str
    dead_next: str
    done_title: str
    done: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutPassword:
    """The choice of a person who can't verify with a password, its consequence, and the result of it."""

    title: str
    consequence: str
    button: str
    done_title: str
    done: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyVerified:
    title: str
    text: str


LANDING = {
    Language.ENGLISH: LandingWords(
        for_account="for",
        error="Error",
        show_password="Show password",
        hide_password="Hide password",
        open_in_app="Open in the app",
        type_the_code="Or type the code from the mail in the app.",
        back_to_app="Go to the app",
        your_account="Your account",
        close_page="You can close this page and go back to the app.",
        dead="This link does not work any more. It was used, it has expired, or a newer mail has replaced it.",
        email="Your email address",
        send="Send a new mail",
        sent_title="Check your mail",
        sent="If the address belongs to an account that waits for this mail, a new mail is on its way.",
        sent_next="It can take a minute. Look in the spam folder too. Only the link in the newest mail works.",
    ),
    Language.RUSSIAN: LandingWords(
        for_account="для",
        error="Ошибка",
        show_password="Показать пароль",
        hide_password="Скрыть пароль",
        open_in_app="Открыть в приложении",
        type_the_code="Или введите в приложении код из письма.",
        back_to_app="Перейти в приложение",
        your_account="Ваша учётная запись",
        close_page="Эту страницу можно закрыть и вернуться в приложение.",
        dead="Эта ссылка больше не действует: её уже использовали, её срок истёк или её заменило новое письмо.",
        email="Ваш адрес электронной почты",
        send="Отправить новое письмо",
        sent_title="Проверьте почту",
        sent="Если учётная запись с этим адресом ждёт такого письма, новое письмо уже отправлено.",
        sent_next="Письмо идёт около минуты. Проверьте и папку «Спам». Действует только ссылка из последнего письма.",
    ),
}

PAGES = {
    Purpose.RESET_PASSWORD: {
        Language.ENGLISH: PageWords(
            title="Choose a new password",
            explanation="The new password replaces the old one, and all devices are signed out.",
            password="New password",
            note="Choose a long password that you use nowhere else. Common passwords are refused.",
            button="Change the password",
            dead_next="Enter your address to get a new link.",
            done_title="Your password has been changed",
            done="All devices have been signed out. Sign in to the app with the new password.",
        ),
        Language.RUSSIAN: PageWords(
            title="Новый пароль",
            explanation="Новый пароль заменит старый, и на всех устройствах нужно будет войти заново.",
            password="Новый пароль",
            note="Выберите длинный пароль только для этого сервиса. Распространённые пароли не принимаются.",
            button="Сменить пароль",
            dead_next="Введите свой адрес, чтобы получить новую ссылку.",
            done_title="Пароль изменён",
            done="На всех устройствах выполнен выход. Войдите в приложение с новым паролем.",
        ),
    },
    Purpose.VERIFY_EMAIL: {
        Language.ENGLISH: PageWords(
            title="Verify your address",
            explanation="Enter the password that you chose when you registered.",
            password="Your password",
            button="Verify the address",
            dead_next="Enter your address to get a new link.",
            done_title="Your address is verified",
            done="Your password stays the same. You can go on in the app.",
        ),
        Language.RUSSIAN: PageWords(
            title="Подтверждение адреса",
            explanation="Введите пароль, который вы выбрали при регистрации.",
            password="Ваш пароль",
            button="Подтвердить адрес",
            dead_next="Введите свой адрес, чтобы получить новую ссылку.",
            done_title="Адрес подтверждён",
            done="Пароль остался прежним. Можно продолжать в приложении.",
        ),
    },
    Purpose.CHANGE_EMAIL: {
        Language.ENGLISH: PageWords(
            title="Confirm your new address",
            explanation="From now on you sign in with this address, and mails come here.",
            button="Confirm the address",
            dead_next="Open the app, and change the address there once more. A new mail follows.",
            done_title="Your address has been changed",
            done="Sign in to the app with the new address from now on.",
        ),
        Language.RUSSIAN: PageWords(
            title="Подтверждение нового адреса",
            explanation="Теперь вы будете входить с этим адресом, и письма будут приходить сюда.",
            button="Подтвердить адрес",
            dead_next="Откройте приложение и смените адрес ещё раз: придёт новое письмо.",
            done_title="Адрес изменён",
            done="Теперь входите в приложение с новым адресом.",
        ),
    },
    Purpose.SIGN_IN: {
        Language.ENGLISH: PageWords(
            title="Sign in",
            explanation="The button signs you in in this browser. You need no password.",
            button="Sign in in this browser",
            dead_next="Enter your address to get a new link.",
            done_title="You are signed in",
            done="This browser is signed in to your account.",
        ),
        Language.RUSSIAN: PageWords(
            title="Вход",
            explanation="Эта кнопка выполнит вход в этом браузере. Пароль не нужен.",
            button="Войти в этом браузере",
            dead_next="Введите свой адрес, чтобы получить новую ссылку.",
            done_title="Вы вошли",
            done="В этом браузере выполнен вход в вашу учётную запись.",
        ),
    },
}

WITHOUT_PASSWORD = {
    Language.ENGLISH: WithoutPassword(
        title="I did not register, or I do not know the password",
        consequence=(
            "The address is verified, the password of the account is removed, and all devices are signed out. A mail "
            "to choose a new password follows. A person who registered with your address loses access."
        ),
        button="Verify without the password",
        done_title="Your address is verified",
        done=(
            "The old password has been removed, and all devices have been signed out. A mail to choose a new password "
            "is on its way."
        ),
    ),
    Language.RUSSIAN: WithoutPassword(
        title="Я не регистрировался или не знаю пароль",
        consequence=(
            "Адрес будет подтверждён, пароль учётной записи удалён, и на всех устройствах будет выполнен выход. "
            "Придёт письмо для выбора нового пароля. Тот, кто зарегистрировался с вашим адресом, потеряет доступ."
        ),
        button="Подтвердить без пароля",
        done_title="Адрес подтверждён",
        done=(
            "Старый пароль удалён, и на всех устройствах выполнен выход. Письмо для выбора нового пароля уже "
            "отправлено."
        ),
    ),
}

ALREADY_VERIFIED = {
    Language.ENGLISH: AlreadyVerified(
        title="Your address is already verified", text="There is nothing left to do here. You can go on in the app."
    ),
    Language.RUSSIAN: AlreadyVerified(
        title="Адрес уже подтверждён", text="Здесь больше ничего делать не нужно. Можно продолжать в приложении."
    ),
}

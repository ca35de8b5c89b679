"""The Russian sentences of refusals; the English ones stand beside the refusals themselves."""

from bukhindor.domain.origin import Language

_RUSSIAN = {
    # Refusals
    "validation_failed": "Некоторые поля заполнены неверно.",
    "incorrect_password": "Текущий пароль указан неверно.",
    "invalid_one_time_token": "Ссылка или код недействительны, уже использованы или устарели; запросите новые.",
    "rate_limited": "Слишком много попыток, подождите немного.",
    "not_authenticated": "Сначала войдите: для этого запроса нужен токен доступа.",
    "invalid_token": "Токен доступа недействителен, устарел, или его сеанс завершён.",
    "invalid_credentials": "Неверный адрес электронной почты или пароль.",
    "invalid_refresh_token": "Токен обновления недействителен, устарел, или его сеанс завершён.",
    "refresh_token_reused": "Этот токен обновления уже использован; его сеанс завершён.",
    "forbidden": "У вас нет прав на это действие.",
    "reauthentication_required": "Подтвердите это действие паролем.",
    "account_banned": "Эта учётная запись заблокирована.",
    "account_inactive": "Эта учётная запись не активна.",
    "user_not_found": "Такого пользователя нет.",
    "session_not_found": "Такого сеанса нет.",
    "email_taken": "Учётная запись с этим адресом уже существует.",
    "last_admin": "Это последний действующий администратор; сначала назначьте другого.",
    "mail_not_found": "Такого письма нет в очереди: оно доставлено или удалено, либо неверен номер.",
    "mail_under_way": "Это письмо доставляется сейчас или будет доставляться не позже чем через три минуты.",
    "too_busy": "Сервис сейчас перегружен, попробуйте чуть позже.",
    "store_unavailable": "База данных сейчас недоступна, попробуйте чуть позже.",
    "write_conflict": "Другие в этот момент меняли то же самое, попробуйте ещё раз.",
    "malformed_json": "Тело запроса должно быть объектом JSON в кодировке UTF-8.",
    "malformed_request": "Запрос составлен неверно.",
    "incomplete_body": "Тело запроса пришло не полностью.",
    "not_found": "По этому адресу ничего нет.",
    "method_not_allowed": "Этот адрес не принимает такой метод.",
    "body_too_large": "Тело запроса слишком велико.",
    "different_authorizations": "В запросе несколько разных заголовков Authorization; отправьте один из них.",
    "cross_site_request": "Cookie действует только для запросов своего сайта; используйте токен доступа.",
    "unsupported_media_type": "Отправьте тело как application/json в UTF-8, без сжатия.",
    "form_expected": "Отправьте тело как application/x-www-form-urlencoded.",
    "internal_error": "Что-то сломалось у нас; номер запроса поможет найти причину.",
    # Fields
    "required": "Это обязательное поле.",
    "too_long": "Слишком длинное значение.",
    "invalid_email": "Это не похоже на адрес электронной почты.",
    "too_deep": "Слишком много вложенных уровней.",
    "invalid_language": "Это не похоже на обозначение языка, например ru или pt-BR.",
    "invalid_characters": "Здесь есть недопустимые символы.",
    "password_too_short": "Пароль слишком короткий.",
    "password_too_long": "Пароль слишком длинный.",
    "password_too_common": "Этот пароль злоумышленники пробуют одним из первых.",
    "password_too_personal": "Пароль не может совпадать с вашим адресом, именем или названием сервиса.",
    "invalid_value": "Недопустимое значение.",
    "invalid_query": "Строку запроса не удалось прочитать.",
    "repeated": "Этот параметр указан дважды.",
    "invalid_cursor": "Этот курсор не относится к такому запросу.",
    "contradiction": "Это противоречит статусу.",
    "not_allowed": "У активной учётной записи не бывает ни причины, ни срока статуса.",
    "in_the_past": "Этот момент уже прошёл.",
    "unchanged": "Это и есть ваш нынешний адрес.",
    "invalid_code": "Код состоит из восьми цифр.",
    "invalid_app_type": "Неизвестный тип приложения.",
    "invalid_app_version": "Недопустимая версия приложения.",
    "invalid_device_id": "Недопустимый идентификатор устройства.",
}


def worded(code: str, english: str, language: Language) -> str:
    """The sentence for a code: the Russian one if there is one, otherwise `english`."""
    return _RUSSIAN.get(code, english) if language is Language.RUSSIAN else english

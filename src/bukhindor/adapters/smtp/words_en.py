"""English."""

from bukhindor.adapters.smtp.words import Wording, Words
from bukhindor.domain.mail import LetterKind

_NOT_YOU = "If it was not you, reset your password at once: this signs out every device."

ENGLISH = Words(
    greeting="Hello {name},",
    greeting_without_name="Hello,",
    code="Or type this code in the app:",
    link="Open this address to continue:",
    unknown="unknown",
    footer="This message was sent automatically by {service}; nobody reads replies to it.",
    letters={
        LetterKind.VERIFY_EMAIL: Wording(
            subject="Confirm your e-mail address for {service}",
            before=(
                "Please confirm that this mailbox is yours, so that it can be used for your account at {service}.",
            ),
            button="Confirm the address",
            after=(
                "Link and code work once, within 24 hours.",
                "If you have not signed up, ignore this message: nothing is confirmed without you.",
            ),
        ),
        LetterKind.RESET_PASSWORD: Wording(
            subject="Reset your password for {service}",
            before=("Somebody, most likely you, asked to choose a new password for your account at {service}.",),
            button="Choose a new password",
            after=(
                "Link and code work once, within 60 minutes. A new password signs out every device.",
                "If you have not asked for this, ignore this message: your password stays as it is. "
                "Never give the code to anybody.",
            ),
        ),
        LetterKind.CHANGE_EMAIL: Wording(
            subject="Confirm your new e-mail address for {service}",
            before=(
                "Please confirm that this mailbox is yours. It then becomes the address of your account at {service}.",
            ),
            button="Use this address",
            after=(
                "Link and code work once, within 60 minutes.",
                "If you have not asked for this, ignore this message: no account will use your address.",
            ),
        ),
        LetterKind.EMAIL_CHANGE_ASKED: Wording(
            subject="A new e-mail address was asked for at {service}",
            before=(
                "Somebody who knows your password asked to change the address of your account to {new_email}.",
                "Nothing has changed yet: the new address must be confirmed first.",
                _NOT_YOU,
            ),
        ),
        LetterKind.EMAIL_CHANGED: Wording(
            subject="Your e-mail address at {service} was changed",
            before=(
                "The address of your account is now {new_email}. No more messages will come to this mailbox.",
                "If it was not you, somebody else has taken over the account: write to those who run {service}.",
            ),
        ),
        LetterKind.PASSWORD_CHANGED: Wording(
            subject="Your password for {service} was changed",
            before=("The password of your account has just been changed.", _NOT_YOU),
        ),
        LetterKind.PASSWORD_DISABLED: Wording(
            subject="New devices can't sign in with your password at {service}",
            before=(
                "Too many wrong passwords were tried for your account, one after the other. To protect it, new devices "
                "can't sign in with the password now. Devices and networks that you have used lately still can.",
                "Choose “Forgot password” when you sign in next, and a message like this one will bring you a link for "
                "a new one. Devices that are signed in stay so.",
            ),
        ),
        LetterKind.CODES_DISABLED: Wording(
            subject="Codes for your account at {service} are off for a day",
            before=(
                "Too many wrong codes were typed for your account. To protect it, codes from our messages do not work "
                "until a day has passed without a wrong one.",
                "The links in our messages still work. If you did not type the codes, there is nothing to do: no one "
                "has come in.",
            ),
        ),
        LetterKind.NEW_DEVICE: Wording(
            subject="A new device signed in at {service}",
            before=(
                "Somebody has just signed in to your account on a device that is new to us.",
                "Device: {device}",
                "Network address: {ip}",
                "If it was you, there is nothing to do. " + _NOT_YOU,
            ),
        ),
        LetterKind.ACCOUNT_DELETED: Wording(
            subject="Your account at {service} was deleted",
            before=(
                "Your account and what belonged to it have been deleted. This can't be undone.",
                "This is the last message to you. You are welcome to sign up again whenever you like.",
            ),
        ),
    },
)

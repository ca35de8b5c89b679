// The whole flow with the client of openapi-generator for Kotlin.
import java.net.URI
import org.openapitools.client.apis.AccountApi
import org.openapitools.client.apis.MailboxApi
import org.openapitools.client.apis.SessionsApi
import org.openapitools.client.apis.SignInApi
import org.openapitools.client.infrastructure.ApiClient
import org.openapitools.client.infrastructure.ClientException
import org.openapitools.client.models.ConfirmEmailBody
import org.openapitools.client.models.LoginBody
import org.openapitools.client.models.LogoutBody
import org.openapitools.client.models.RefreshBody
import org.openapitools.client.models.RegisterBody

const val PASSWORD = "violet-otter-41"

fun main(arguments: Array<String>) {
    val (url, email) = arguments
    val account = AccountApi(url)
    val signIn = SignInApi(url)
    val sessions = SessionsApi(url)

    val made = account.register(RegisterBody(name = "Anna", email = email, password = PASSWORD))
    check(made.user.email == email)
    MailboxApi(url).confirmEmail(ConfirmEmailBody(email = email, code = codeFor(url, email), password = PASSWORD))
    val signedIn = signIn.login(LoginBody(email = email, password = PASSWORD))
    val renewed = signIn.refresh(refreshBody = RefreshBody(refreshToken = signedIn.user.refreshToken))
    ApiClient.accessToken = renewed.tokens.accessToken
    check(account.me().emailVerified)
    check(sessions.listSessions().sessions.size == 1)
    sessions.logout(LogoutBody())
    val status = try {
        account.me()
        200
    } catch (refused: ClientException) {
        refused.statusCode
    }
    check(status == 401)
}

fun codeFor(url: String, email: String): String {
    val mail = Regex("""\{[^{}]*"to": ?"${Regex.escape(email)}"[^{}]*"codes": ?\["(\d+)"""")
    repeat(50) {
        val mailbox = URI("$url/dev/mailbox.json").toURL().readText()
        mail.find(mailbox)?.let { return it.groupValues[1] }
        Thread.sleep(100)
    }
    error("no mail with a code")
}

// The whole flow with the client of openapi-generator for Java.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.AccountApi;
import org.openapitools.client.api.MailboxApi;
import org.openapitools.client.api.SessionsApi;
import org.openapitools.client.api.SignInApi;
import org.openapitools.client.model.ConfirmEmailBody;
import org.openapitools.client.model.LoginBody;
import org.openapitools.client.model.LogoutBody;
import org.openapitools.client.model.RefreshBody;
import org.openapitools.client.model.RegisterBody;

public final class Flow {
    private static final String PASSWORD = "violet-otter-41";
    private static String access = "";

    public static void main(String[] arguments) throws Exception {
        String url = arguments[0], email = arguments[1];
        ApiClient client = new ApiClient();
        client.updateBaseUri(url);
        client.setRequestInterceptor(request -> {
            if (!access.isEmpty()) request.header("Authorization", "Bearer " + access);
        });
        AccountApi account = new AccountApi(client);
        SignInApi signIn = new SignInApi(client);
        SessionsApi sessions = new SessionsApi(client);

        var made = account.register(new RegisterBody().name("Anna").email(email).password(PASSWORD), null);
        check(made.getUser().getEmail().equals(email));
        var proof = new ConfirmEmailBody().email(email).code(codeFor(url, email)).password(PASSWORD);
        new MailboxApi(client).confirmEmail(proof, null);
        var signedIn = signIn.login(new LoginBody().email(email).password(PASSWORD), null, null, null, null, null);
        var renewed = signIn.refresh(null, new RefreshBody().refreshToken(signedIn.getUser().getRefreshToken()));
        access = renewed.getTokens().getAccessToken();
        check(account.me().getEmailVerified());
        check(sessions.listSessions().getSessions().size() == 1);
        sessions.logout(new LogoutBody());
        try {
            account.me();
            check(false);
        } catch (ApiException refused) {
            check(refused.getCode() == 401);
        }
    }

    private static void check(boolean asExpected) {
        if (!asExpected) throw new IllegalStateException("not as expected");
    }

    private static String codeFor(String url, String email) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/dev/mailbox.json")).build();
        for (int attempt = 0; attempt < 50; attempt++) {
            String body = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
            for (JsonNode mail : new ObjectMapper().readTree(body).get("messages")) {
                if (mail.get("to").asText().equals(email) && !mail.get("codes").isEmpty()) {
                    return mail.get("codes").get(0).asText();
                }
            }
            Thread.sleep(100);
        }
        throw new IllegalStateException("no mail with a code");
    }
}

// The whole flow with the types of openapi-typescript.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./types";
import { codeFor, equal, must } from "./flow";

async function main(url: string, email: string): Promise<void> {
  const password = "violet-otter-41";
  let access = "";
  const bearer: Middleware = {
    onRequest({ request }) {
      if (access) request.headers.set("authorization", `Bearer ${access}`);
    },
  };
  const client = createClient<paths>({ baseUrl: url });
  client.use(bearer);

  const made = must(await client.POST("/api/v1/auth/register", { body: { name: "Anna", email, password } }));
  equal(made.user.email, email);
  const code = await codeFor(url, email);
  must(await client.POST("/api/v1/auth/verify-email/confirm", { body: { email, code, password } }));
  const signedIn = must(await client.POST("/api/v1/auth/login", { body: { email, password } })).user;
  const renewed = must(
    await client.POST("/api/v1/auth/refresh", { body: { refresh_token: signedIn.refresh_token } }),
  ).tokens;
  access = renewed.access_token;
  const me = must(await client.GET("/api/v1/auth/me"));
  equal(me.email_verified, true);
  equal(must(await client.GET("/api/v1/auth/sessions")).sessions.length, 1);
  must(await client.POST("/api/v1/auth/logout"));
  const refused = await client.GET("/api/v1/auth/me");
  equal(refused.response.status, 401);
  equal(typeof refused.error?.error_code, "string");
}

void main(process.argv[2]!, process.argv[3]!);

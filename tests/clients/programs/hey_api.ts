// The whole flow with the methods of hey-api, which checks each response with zod.
import { client } from "./generated/client.gen";
import { confirmEmail, listSessions, login, logout, me, refresh, register } from "./generated";
import { zUpdateUserBody } from "./generated/zod.gen";
import { codeFor, equal, must } from "./flow";

async function main(url: string, email: string): Promise<void> {
  const password = "violet-otter-41";
  let access = "";
  client.setConfig({ baseUrl: url, auth: (scheme) => (scheme.scheme === "bearer" ? access : undefined) });

  const ban = { status: "banned", status_until: "2030-01-01T00:00:00+05:00" };
  equal(zUpdateUserBody.parse(ban).status_until, ban.status_until);
  const made = must(await register({ body: { name: "Anna", email, password } }));
  equal(made.user.email, email);
  const code = await codeFor(url, email);
  must(await confirmEmail({ body: { email, code, password } }));
  const signedIn = must(await login({ body: { email, password } })).user;
  const renewed = must(await refresh({ body: { refresh_token: signedIn.refresh_token } })).tokens;
  access = renewed.access_token;
  equal(must(await me()).email_verified, true);
  equal(must(await listSessions()).sessions.length, 1);
  must(await logout());
  equal((await me()).response?.status, 401);
}

void main(process.argv[2]!, process.argv[3]!);

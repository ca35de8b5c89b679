// A provider of identities that this project has not written: oidc-provider of npm, with one client and two forms.
// Arguments: port, response mode, then the addresses that answers may go to.
"use strict";

const http = require("node:http");
const { pathToFileURL } = require("node:url");

const [port, responseMode, ...redirects] = process.argv.slice(2);
// Another site than that of the service, which is at localhost: cookies are told apart by the site.
const issuer = `http://127.0.0.1:${port}`;

const client = {
  client_id: "bukhindor-web",
  client_secret: "the-secret-of-the-client-of-the-tests",
  redirect_uris: redirects,
  response_types: ["code"],
  grant_types: ["authorization_code", "refresh_token"],
};

// Everybody is who they say they are; the address of "unproven…" is not verified.
async function findAccount(_, id) {
  return {
    accountId: id,
    claims: async () => ({ sub: id, email: id, email_verified: !id.startsWith("unproven"), name: "Ann of Elsewhere" }),
  };
}

const page = (title, content) =>
  `<!doctype html><html lang="en"><title>${title}</title><link rel="icon" href="data:,"><h1>${title}</h1>${content}</html>`;
const form = (uid, what, content) => `<form method="post" action="/interaction/${uid}/${what}">${content}</form>`;

function shown(uid, prompt) {
  if (prompt.name === "login") {
    const field = '<label for="who">Who are you?</label><input id="who" name="who">';
    return page("Elsewhere", form(uid, "login", `${field}<button>Go on</button>`) + form(uid, "abort", "<button>Cancel</button>"));
  }
  return page("Elsewhere", form(uid, "consent", "<button>Allow</button>") + form(uid, "abort", "<button>Cancel</button>"));
}

async function fieldsOf(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
  }
  return new URLSearchParams(text);
}

async function grantOf(provider, { grantId, params, session, prompt }) {
  const grant =
    (grantId && (await provider.Grant.find(grantId))) ||
    new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope((prompt.details.missingOIDCScope ?? []).join(" "));
  grant.addOIDCClaims(prompt.details.missingOIDCClaims ?? []);
  return grant.save();
}

async function interact(provider, request, response) {
  const [, , uid, what] = request.url.split("/");
  const details = await provider.interactionDetails(request, response);
  if (what === undefined) {
    response.setHeader("content-type", "text/html");
    response.end(shown(uid, details.prompt));
    return;
  }
  const results = {
    login: async () => ({ login: { accountId: (await fieldsOf(request)).get("who") } }),
    consent: async () => ({ consent: { grantId: await grantOf(provider, details) } }),
    abort: async () => ({ error: "access_denied", error_description: "the person does not want to" }),
  };
  await provider.interactionFinished(request, response, await results[what](), {
    mergeWithLastSubmission: what === "consent",
  });
}

async function main() {
  const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);
  const provider = new Provider(issuer, {
    clients: [client],
    findAccount,
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    // Providers that people know name the address in the ID token too.
    conformIdTokenClaims: false,
    cookies: { keys: ["a key of the tests"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
  });
  const answer = provider.callback();
  const server = http.createServer((request, response) => {
    if (request.url.startsWith("/interaction/")) {
      interact(provider, request, response).catch((error) => response.writeHead(500).end(String(error)));
      return;
    }
    // As Apple does, whatever the client asks for.
    if (request.url.startsWith("/auth?") && responseMode !== "query") {
      request.url += `&response_mode=${responseMode}`;
    }
    answer(request, response);
  });
  server.listen(Number(port), "127.0.0.1");
}

main();

// Drives Chromium for the tests: reads one command a line from stdin, as JSON, and answers each with one line of JSON.
// It ends, and Chromium with it, when stdin closes. browser.py is the other side.
"use strict";

const readline = require("node:readline");
const axe = require("axe-core");
const { chromium } = require("playwright-core");

const PATIENCE = 20_000;
const windows = new Map();
let browser;

// What went wrong in a page that a person would not see.
function watch(page, origin, others) {
  const found = [];
  const documents = new Set();
  page.on("pageerror", (error) => found.push({ what: `script: ${error.message}` }));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      found.push({ what: `console: ${message.text()}`, url: message.location().url });
    }
  });
  page.on("request", (request) => {
    if (request.isNavigationRequest()) {
      documents.add(request.url());
    }
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && ![origin, ...others].includes(url.origin)) {
      found.push({ what: `loads ${url}` });
    }
  });
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    // A page that is left does not wait for the rest.
    if (reason !== "net::ERR_ABORTED") {
      found.push({ what: `failed: ${request.url()} ${reason}` });
    }
  });
  // Chromium complains of every page that is an error, and of every such response to a script. A test says itself which
  // status it expects of a page, and of an API on another origin.
  const isExpected = (url) => documents.has(url) || (URL.canParse(url) && others.includes(new URL(url).origin));
  const isComplaint = ({ what, url }) => what.startsWith("console: Failed to load resource") && isExpected(url);
  return () => found.filter((problem) => !isComplaint(problem)).map(({ what }) => what);
}

const commands = {
  async launch({ executable, environment }) {
    browser = await chromium.launch({ executablePath: executable, env: environment, timeout: 60_000 });
    return browser.version();
  },

  async open({ origin, others, language, scheme, touch, size }) {
    const context = await browser.newContext({
      baseURL: origin,
      colorScheme: scheme,
      hasTouch: touch,
      isMobile: touch,
      locale: language,
      reducedMotion: "reduce",
      viewport: size,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const number = windows.size + 1;
    windows.set(number, { page, problems: watch(page, origin, others) });
    return number;
  },

  async close({ page }) {
    await page.context().close();
  },

  async goto({ page, address }) {
    const response = await page.goto(address);
    return response.status();
  },

  async click({ page, role, name, exact }) {
    await page.getByRole(role, { name, exact }).click();
  },

  async fill({ page, label, text }) {
    await page.getByLabel(label, { exact: true }).fill(text);
  },

  async press({ page, key }) {
    await page.keyboard.press(key);
  },

  async type({ page, text }) {
    await page.keyboard.type(text);
  },

  // Waits until the page shows the text.
  async wait({ page, text }) {
    await page.getByText(text).first().waitFor();
  },

  async wait_for_address({ page, address }) {
    await page.waitForURL(address);
  },

  // What assistive technology tells of the element that has the focus, such as: button "Save".
  async focused({ page }) {
    const focused = page.locator(":focus");
    return (await focused.count()) ? (await focused.ariaSnapshot()).split("\n")[0].replace(/^- /, "") : "";
  },

  async text({ page }) {
    return page.locator("body").innerText();
  },

  async frame_text({ page }) {
    return page.frameLocator("iframe").locator("body").innerText();
  },

  async title({ page }) {
    return page.title();
  },

  async evaluate({ page, expression }) {
    return page.evaluate(expression);
  },

  async remove_cookie({ page, name }) {
    await page.context().clearCookies({ name });
  },

  // A device that verifies its person at once, and keeps passkeys until the window closes.
  async plug_in_authenticator({ page }) {
    const session = await page.context().newCDPSession(page);
    await session.send("WebAuthn.enable");
    await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  },

  async url({ page }) {
    return page.url();
  },

  async axe({ page }) {
    await page.evaluate(axe.source);
    // The frame of a mail runs no scripts, so axe cannot look into it, and headless Chromium reports the attempt.
    const { violations } = await page.evaluate("axe.run({ iframes: false, resultTypes: ['violations'] })");
    return violations.map(({ id, impact, help, nodes }) => ({
      rule: id,
      impact,
      help,
      where: nodes.map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary.replace(/\s+/g, " ")}`),
    }));
  },

  async screenshot({ page, path, full }) {
    // The defaults add a style to the page, which its content security policy refuses.
    await page.screenshot({ path, fullPage: full, caret: "initial", animations: "allow" });
  },

  async problems({ problems }) {
    return problems();
  },
};

async function answer(line) {
  const { command, window, ...rest } = JSON.parse(line);
  try {
    const result = await commands[command]({ ...windows.get(window), ...rest });
    return { result: result ?? null };
  } catch (error) {
    return { error: error.message };
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
  }
  await browser?.close();
}

main();

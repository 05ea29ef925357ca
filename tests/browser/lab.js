// The stack under test, a browser, and the checks that run on every page.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { source: axe } = createRequire(import.meta.url)("axe-core");

export const lab = JSON.parse(process.env.LAB);
export const LANGUAGES = JSON.parse(process.env.LANGUAGES);
const PICTURES = process.env.PICTURES;

/** Chromium without its background network traffic. */
export async function browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
      // The test makes up the platform's page, so Chromium treats it as a public page that calls a local address.
      "--disable-features=LocalNetworkAccessChecks",
    ],
  });
}

async function call(url, method, body, headers = {}) {
  const options = { method, headers: { "content-type": "application/json", ...headers } };
  if (body !== undefined) options.body = JSON.stringify(body);
  const reply = await fetch(url, options);
  const text = await reply.text();
  return { status: reply.status, body: text ? JSON.parse(text) : null };
}

/** Calls the API as the platform's back end. */
export const platform = (method, path, body) =>
  call(lab.api + path, method, body, { authorization: `Bearer ${lab.platform_token}` });

/** Controls the simulated Meta. */
export const meta = (path, body) => call(`${lab.graph}/_sim/${path}`, body === undefined ? "GET" : "POST", body);

let customers = 0;

/** A signup link for a new customer. */
export async function session(order = {}) {
  customers += 1;
  const made = await platform("POST", "/v1/sessions", { customer_ref: `browser-${process.pid}-${customers}`, ...order });
  if (made.status !== 201) throw new Error(`no session: ${JSON.stringify(made)}`);
  return made.body;
}

/** A page that records complaints: policy violations, exceptions and failed loads. */
export async function watched(context, { expected = [] } = {}) {
  const page = await context.newPage();
  page.complaints = [];
  const complain = (text) => {
    if (!expected.some((pattern) => pattern.test(text))) page.complaints.push(text);
  };
  page.on("pageerror", (error) => complain(`thrown: ${error.message}`));
  page.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) complain(`console: ${line.text()} (${line.location().url})`);
  });
  page.setDefaultTimeout(20_000);
  return page;
}

/** The axe-core rules that the page violates. */
export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" | ").slice(0, 400)}`);
}

/** Whether anything is wider than the window. */
export const overflows = (page) => page.evaluate(() => {
  const root = document.scrollingElement;
  return root.scrollWidth > root.clientWidth ? [`${root.scrollWidth} > ${root.clientWidth}`] : [];
});

/** Screenshots in light and dark mode, for people to review. */
export async function picture(page, name) {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: null });
}

/** Waits until a condition holds, and returns its value. */
export async function until(what, holds) {
  for (let left = 200; left > 0; left -= 1) {
    const found = await holds();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`timed out waiting until ${what}`);
}

/** Clicks a button in Meta's window. The window may close before the browser reports the click. */
export async function press(window, name) {
  await window.getByRole("button", { name }).click().catch((error) => {
    if (!window.isClosed()) throw error;
  });
}

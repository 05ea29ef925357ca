// The stack under test, a browser, and the checks of every page.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { source: axe } = createRequire(import.meta.url)("axe-core");

export const lab = JSON.parse(process.env.LAB);
export const LANGUAGES = JSON.parse(process.env.LANGUAGES);
const PICTURES = process.env.PICTURES;

/** Chromium without what it would tell the world by itself. */
export async function browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
      // The test serves the platform's page itself, which Chromium treats as a public page.
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

/** The platform's back end. */
export const platform = (method, path, body) =>
  call(lab.api + path, method, body, { authorization: `Bearer ${lab.platform_token}` });

/** What happens at Meta. */
export const meta = (path, body) => call(`${lab.graph}/_sim/${path}`, body === undefined ? "GET" : "POST", body);

let customers = 0;

/** A signup link of a new customer. */
export async function session(order = {}) {
  customers += 1;
  const made = await platform("POST", "/v1/sessions", { customer_ref: `browser-${process.pid}-${customers}`, ...order });
  if (made.status !== 201) throw new Error(`no session: ${JSON.stringify(made)}`);
  return made.body;
}

/** A page whose complaints are kept: refused by its policy, thrown, or failed to load. */
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

/** Every rule of axe-core that the page breaks. */
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

/** A picture for people, in light and dark. */
export async function picture(page, name) {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: null });
}

/** What a condition gives as soon as it holds. */
export async function until(what, holds) {
  for (let left = 200; left > 0; left -= 1) {
    const found = await holds();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it never came true that ${what}`);
}

/** Presses a button of Meta's window. The window may be gone before the browser has told of the click. */
export async function press(window, name) {
  await window.getByRole("button", { name }).click().catch((error) => {
    if (!window.isClosed()) throw error;
  });
}

// The button in a platform's own page: three lines, and the calls behind them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, lab, picture, press, session, violations, watched } from "./lab.js";

const ORIGIN = "http://localhost:8080";
let chromium;
before(async () => { chromium = await browser(); });
after(async () => { await chromium.close(); });

const html = (script, lang = "en", style = "") => `<!doctype html><html lang="${lang}"><head><title>Platform</title>${style}</head><body><main><h1>Settings</h1>
  <div id="connect-whatsapp"></div>
  ${script}
</main></body></html>`;

const script = (made) => `<script src="${lab.api}/signup/embed.js" data-session="${made.session}" async></script>`;

async function platformPage(t, body, options = {}) {
  const context = await chromium.newContext({ locale: "en-US" });
  t.after(() => context.close());
  const page = await watched(context, options);
  const origin = options.origin ?? ORIGIN;
  await page.route(`${origin}/`, (route) => route.fulfill({ contentType: "text/html", body, headers: options.headers ?? {} }));
  await page.goto(`${origin}/`);
  return { page, context };
}

test("three lines put the button into a platform's page, and it connects", async (t) => {
  const made = await session();
  const { page, context } = await platformPage(t, html(script(made)));
  await page.evaluate(() => {
    window.told = [];
    document.addEventListener("connect-whatsapp", (event) => window.told.push(event.detail.state));
  });
  const button = page.getByRole("button", { name: "Connect WhatsApp" });
  await button.waitFor();
  await picture(page, "embedded-1280");
  assert.deepEqual(await violations(page), []);
  const popup = context.waitForEvent("page");
  await button.click();
  const window = await popup;
  await press(window, "Finish");
  await page.getByText("WhatsApp is connected and ready to use.").waitFor();
  const told = await page.evaluate(() => window.told);
  assert.equal(told.at(-1), "ready", `the platform's page hears of it: ${told}`);
  assert.deepEqual(page.complaints, []);
});

test("a strict policy of the platform's is enough for it", async (t) => {
  const made = await session();
  const policy = `default-src 'none'; script-src ${lab.api} ${lab.graph}; connect-src ${lab.api}; frame-src 'none'`;
  const { page } = await platformPage(t, html(script(made)), { headers: { "content-security-policy": policy } });
  await page.getByRole("button", { name: "Connect WhatsApp" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("it speaks the language of the page it is in", async (t) => {
  const made = await session();
  const { page } = await platformPage(t, html(script(made), "ar"));
  await page.locator('#connect-whatsapp div[lang="ar"][dir="rtl"] button').waitFor();
});

test("it says what is connected, asks for a confirmation, and offers help", async (t) => {
  const made = await session({ customer_name: "Acme Bakery", help_url: "https://platform.example/help", confirm: true });
  const { page, context } = await platformPage(t, html(script(made)));
  await page.getByText("This connects the WhatsApp account of \u2068Acme Bakery\u2069 to \u2068Example Platform\u2069.").waitFor();
  assert.equal(await page.getByRole("link", { name: "Get help" }).getAttribute("href"), "https://platform.example/help");
  assert.deepEqual(await violations(page), []);
  const button = page.getByRole("button", { name: "Connect WhatsApp" });
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  await page.getByRole("checkbox", { name: "I act for this business" }).check();
  const popup = context.waitForEvent("page");
  await button.click();
  await press(await popup, "Finish");
  await page.getByText("WhatsApp is connected and ready to use.").waitFor();
});

test("a reload is the same browser; another one is warned and may take over", async (t) => {
  const made = await session();
  const first = await platformPage(t, html(script(made)));
  const button = (page, name = "Connect WhatsApp") => page.getByRole("button", { name });
  const cancelled = async ({ page, context }, name) => {
    const popup = context.waitForEvent("page");
    await button(page, name).click();
    await press(await popup, "Cancel");
    await page.getByText("You stopped at").waitFor();
  };
  await cancelled(first);
  await first.page.reload();
  await cancelled(first);
  const second = await platformPage(t, html(script(made)), { expected: [/409/] });
  await button(second.page).click();
  await second.page.getByText("This link is in use in another browser").waitFor();
  await cancelled(second, "Continue here");
  const popup = first.context.waitForEvent("page");
  first.page.complaints.length = 0;
  await button(first.page).click();
  await popup;
  await first.page.getByText("This link is in use in another browser").waitFor();
});

test("a page of an unknown origin cannot use it", async (t) => {
  const made = await session();
  const options = { origin: "http://localhost:8099", expected: [/CORS|Failed to load|ERR_FAILED|Failed to fetch/] };
  const { page } = await platformPage(t, html(script(made)), options);
  await page.waitForLoadState("networkidle");
  assert.equal(await page.getByRole("button").count(), 0);
});

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

test("a page of nobody's cannot use it", async (t) => {
  const made = await session();
  const options = { origin: "http://localhost:8099", expected: [/CORS|Failed to load|ERR_FAILED|Failed to fetch/] };
  const { page } = await platformPage(t, html(script(made)), options);
  await page.waitForLoadState("networkidle");
  assert.equal(await page.getByRole("button").count(), 0);
});

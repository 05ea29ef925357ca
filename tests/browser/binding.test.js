// A signup belongs to the browser that started it, says for whom it is, and accepts messages only from the window it
// opened.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, lab, meta, overflows, picture, platform, press, session, until, violations, watched } from "./lab.js";

let chromium;
before(async () => { chromium = await browser(); });
after(async () => { await chromium.close(); });

/** Somebody's own browser, at an address if one is given. */
async function somebody(t, url, options = {}) {
  const context = await chromium.newContext({ locale: "en-US", viewport: { width: 1000, height: 800 }, ...options.context });
  t.after(() => context.close());
  const page = await watched(context, options);
  page.posted = [];
  page.on("request", (request) => { if (request.method() === "POST") page.posted.push(new URL(request.url()).pathname); });
  await options.prepare?.(page);
  if (url) await page.goto(url);
  return { page, context };
}

const connect = (page) => page.getByRole("button", { name: /^Connect WhatsApp/ });
const here = (page) => page.getByRole("link", { name: "Continue in this window" });
const blocked = (page) => page.addInitScript(() => { window.open = () => null; });
const settled = (page, state) => page.waitForSelector(`#connect-whatsapp[data-state="${state}"]`);
const exchanges = async () => (await meta("calls")).body.filter((call) => call.path.endsWith("/oauth/access_token")).length;
const state = async (made) => (await platform("GET", `/v1/sessions/${made.session}`)).body.state;

/** Opens Meta's whole page and gives the `state` it was sent there with. */
async function wholePage(page) {
  await connect(page).click();
  await here(page).click();
  await page.getByRole("button", { name: "Finish" }).waitFor();
  return new URL(page.url()).searchParams.get("state");
}

test("a stranger who is sent to the end of somebody else's signup is not connected", async (t) => {
  const made = await session({ customer_name: "Mallory Ltd" });
  const attacker = await somebody(t, made.signup_url, { prepare: blocked });
  const stolen = await wholePage(attacker.page);
  assert.match(stolen, /^[0-9a-f]{64}$/);
  const victims = (await meta("signups", { redirect_uri: `${lab.api}/signup/return` })).body;
  const before = await exchanges();
  const options = { context: { locale: "de-DE" }, expected: [/403/] };
  const victim = await somebody(t, `${lab.api}/signup/return?state=${stolen}&code=${victims.code}`, options);
  await victim.page.getByText("Es wurde nichts verbunden").waitFor();
  await victim.page.waitForLoadState("networkidle");
  assert.deepEqual(victim.page.posted, [], "nothing is posted");
  assert.equal(await victim.page.getByRole("button").count(), 0);
  assert.ok(!victim.page.url().includes("code="), "the code does not stay in the address");
  assert.ok(!(await victim.page.content()).includes(made.session), "whose link it was is not said");
  assert.deepEqual([await exchanges(), await state(made)], [before, "open"], "nothing is spent");
  await picture(victim.page, "signup-stranger-1000");
  assert.deepEqual([await violations(victim.page), await overflows(victim.page), victim.page.complaints], [[], [], []]);
});

test("the page shows whose link it is, and that it is open elsewhere", async (t) => {
  const made = await session({ customer_name: "Mallory Ltd", help_url: "mailto:help@platform.com" });
  const attacker = await somebody(t, made.signup_url);
  const popup = attacker.context.waitForEvent("page");
  await connect(attacker.page).click();
  await popup;
  const victim = await somebody(t, made.signup_url);
  await victim.page.getByText("This connects the WhatsApp account of \u2068Mallory Ltd\u2069 to \u2068Example Platform\u2069.").waitFor();
  await victim.page.getByText("Go on only if you expected this link.").waitFor();
  await victim.page.getByText("This link is in use in another browser.").waitFor();
  assert.equal(await connect(victim.page).count(), 0);
  assert.equal(await victim.page.getByRole("link", { name: "Get help" }).getAttribute("href"), "mailto:help@platform.com");
  await victim.page.waitForLoadState("networkidle");
  assert.deepEqual(victim.page.posted, [], "opening a link changes nothing");
  await picture(victim.page, "signup-elsewhere-1000");
  assert.deepEqual([await violations(victim.page), await overflows(victim.page), victim.page.complaints], [[], [], []]);
});

test("a second browser goes on by a deliberate click, and the first one's window brings nothing", async (t) => {
  const made = await session();
  const first = await somebody(t, made.signup_url, { expected: [/403/] });
  const opened = first.context.waitForEvent("page");
  await connect(first.page).click();
  const early = await opened;
  await early.getByRole("button", { name: "Finish" }).waitFor();
  const second = await somebody(t, made.signup_url);
  const popup = second.context.waitForEvent("page");
  await second.page.getByRole("button", { name: "Continue here" }).click();
  const window = await popup;
  await window.getByRole("button", { name: "Finish" }).waitFor();
  const before = await exchanges();
  await press(early, "Finish");
  await first.page.getByText(/Nothing was connected|in use in another browser/).waitFor();
  await first.page.getByRole("button", { name: "Continue here" }).waitFor();
  assert.equal(await exchanges(), before, "its code is not spent");
  await press(window, "Finish");
  await settled(second.page, "ready");
});

test("the whole page leads to the end in the browser that left, once", async (t) => {
  const made = await session();
  const { page } = await somebody(t, made.signup_url, { prepare: blocked, expected: [/409/] });
  const used = await wholePage(page);
  await press(page, "Finish");
  await settled(page, "ready");
  const posted = page.posted.length;
  await page.goto(`${lab.api}/signup/return?state=${used}&code=AQsecond`);
  await settled(page, "ready");
  assert.equal(page.posted.length, posted, "a second time nothing is posted");
  await page.goto(`${lab.api}/signup/return?state=${"0".repeat(64)}&code=AQthird`);
  await page.getByText("Nothing new was connected").waitFor();
  assert.ok(!page.url().includes("code="));
  await page.getByRole("link", { name: "Open your link again" }).click();
  await settled(page, "ready");
  assert.equal(page.posted.length, posted);
});

test("a browser without cookies is warned before it goes to Meta", async (t) => {
  const made = await session();
  const { page, context } = await somebody(t, made.signup_url, { expected: [/403/] });
  await connect(page).waitFor();
  await context.clearCookies();
  await connect(page).click();
  await page.getByText("did not keep this page's cookie").waitFor();
  await until("Meta's window is closed", async () => context.pages().length === 1);
});

test("where the platform demands it a person confirms first", async (t) => {
  const made = await session({ customer_name: "Acme Bakery", confirm: true });
  const { page, context } = await somebody(t, made.signup_url);
  const box = page.getByRole("checkbox", { name: "I act for this business and want to connect it." });
  await box.waitFor();
  await page.waitForFunction(() => Boolean(window.FB));
  // It is announced as disabled to assistive technology, but can still be clicked.
  await connect(page).click({ force: true });
  assert.deepEqual([page.posted, context.pages().length], [[], 1], "nothing happens before");
  await picture(page, "signup-confirm-1000");
  assert.deepEqual(await violations(page), []);
  await box.check();
  const popup = context.waitForEvent("page");
  await connect(page).click();
  await press(await popup, "Finish");
  await settled(page, "ready");
  const link = (await platform("GET", `/v1/sessions/${made.session}`)).body;
  assert.ok(link.confirmed_at && link.state === "used");
  assert.deepEqual(page.complaints, []);
});

test("a link that is revoked says so, also while it is open", async (t) => {
  const made = await session({ help_url: "https://platform.example/help" });
  const { page } = await somebody(t, made.signup_url, { expected: [/410/] });
  await connect(page).waitFor();
  assert.equal((await platform("DELETE", `/v1/sessions/${made.session}`)).status, 204);
  await connect(page).click();
  await page.getByText("This link was withdrawn").waitFor();
  await page.goto(`${made.signup_url}&locale=ja`);
  await page.getByText("このリンクは取り消されました").waitFor();
  assert.equal(await page.getByRole("link", { name: "ヘルプを見る" }).getAttribute("href"), "https://platform.example/help");
  assert.deepEqual([await page.getByRole("button").count(), await violations(page)], [0, []]);
});

test("a message from another window is ignored, whatever its origin", async (t) => {
  const made = await session();
  const { page, context } = await somebody(t, made.signup_url);
  await connect(page).waitFor();
  let body = null;
  await page.route("**/signup/callback", (route) => { body = route.request().postDataJSON(); return route.continue(); });
  // A window and a frame of Meta's origin that the signup did not open.
  await page.evaluate((url) => { window.other = window.open(url, "other", "popup"); }, `${lab.graph}/dialog/oauth`);
  const other = await context.waitForEvent("page");
  await other.waitForLoadState();
  const popup = context.waitForEvent("page");
  await connect(page).click();
  const window = await popup;
  await window.getByRole("button", { name: "Finish" }).waitFor();
  await other.evaluate(() => {
    const data = { waba_id: "999", phone_number_id: "999", business_id: "999" };
    for (const event of ["FINISH", "CANCEL"]) opener.postMessage(JSON.stringify({ type: "WA_EMBEDDED_SIGNUP", event, data }), "*");
  });
  await page.evaluate(() => new Promise((done) => setTimeout(done)));
  assert.equal(await page.getByRole("status").textContent(), "Please finish the steps in Meta's window.");
  await press(window, "Finish");
  await settled(page, "ready");
  assert.ok(body.waba_id && body.waba_id !== "999", `the ids of the window that was opened: ${body.waba_id}`);
});

test("only the code is accepted from a window that was opened in another way", async (t) => {
  const made = await session();
  const { page, context } = await somebody(t, made.signup_url);
  // A script of Meta's that uses the browser's own way to open windows.
  await page.route(/sdk\.js$/, async (route) => {
    const reply = await route.fetch();
    const text = (await reply.text()).replace("const popup = window.open(", "const popup = Window.prototype.own.call(window, ");
    await route.fulfill({ response: reply, body: `Window.prototype.own = window.open;\n${text}` });
  });
  await page.reload();
  let body = null;
  await page.route("**/signup/callback", (route) => { body = route.request().postDataJSON(); return route.continue(); });
  const popup = context.waitForEvent("page");
  await connect(page).click();
  await press(await popup, "Finish");
  await settled(page, "ready");
  assert.deepEqual([body.code.startsWith("AQ"), body.waba_id, body.event], [true, undefined, undefined]);
});

test("the page's policy holds Meta's script to its one address", async (t) => {
  const made = await session();
  const { page } = await somebody(t);
  const policy = (await page.goto(made.signup_url)).headers();
  const csp = policy["content-security-policy"];
  for (const part of ["default-src 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]) {
    assert.ok(csp.includes(part), part);
  }
  assert.match(csp, new RegExp(`script-src 'nonce-[^']+' ${lab.graph}/en_US/sdk\\.js;`));
  assert.ok(!/unsafe|\*|strict-dynamic/.test(csp), csp);
  assert.equal(policy["cross-origin-opener-policy"], "same-origin-allow-popups");
  assert.match(policy["permissions-policy"], /camera=\(\)/);
  await connect(page).waitFor();
  assert.deepEqual(page.complaints, []);
  page.complaints.length = 0;
  await page.evaluate((src) => document.head.append(Object.assign(document.createElement("script"), { src })), `${lab.graph}/dialog/oauth`);
  await until("another script of that origin is refused", async () => page.complaints.some((text) => text.includes("script-src")));
});

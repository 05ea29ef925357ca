// A customer's signup in the simulated Meta window and in the full-page flow, and the explanations when it fails.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, lab, meta, overflows, picture, platform, press, session, until, violations, watched } from "./lab.js";

let chromium;
before(async () => { chromium = await browser(); });
after(async () => { await chromium.close(); });

/** A customer's own browser, at a signup link. */
async function visit(t, order = {}, options = {}) {
  const context = await chromium.newContext({ locale: "en-US", viewport: { width: 1000, height: 800 }, ...options.context });
  t.after(() => context.close());
  const page = await watched(context, options);
  await options.prepare?.(page);
  const made = await session(order);
  await page.goto(made.signup_url + (options.query ?? ""));
  return { page, context, made };
}

const connect = (page) => page.getByRole("button", { name: /^Connect WhatsApp/ });
const notice = (page) => page.getByRole("status");

/** Opens Meta's window and returns it. */
async function opened(page, context) {
  const popup = context.waitForEvent("page");
  await connect(page).click();
  return popup;
}

async function finish(popup, { event = "FINISH", pays = false, account = "" } = {}) {
  await popup.getByLabel("The customer").selectOption(event);
  await popup.getByLabel("Existing account to add a number to").fill(account);
  if (pays) await popup.getByLabel("already has a payment method").check();
  await press(popup, "Finish");
}

async function settled(page, state) {
  const element = "#connect-whatsapp";
  await page.waitForSelector(`${element}[data-state="${state}"]`).catch(async (error) => {
    const there = await page.$eval(element, ({ dataset, innerText }) => `${dataset.state}: ${innerText}`);
    throw new Error(`not ${state}, but ${there}`, { cause: error });
  });
}

async function sound(page) {
  assert.deepEqual(page.complaints, [], "no browser errors");
  assert.deepEqual(await violations(page), [], "axe-core finds nothing");
  assert.deepEqual(await overflows(page), [], "nothing is cut off");
}

test("a customer connects and goes back to the platform", async (t) => {
  const { page, context } = await visit(t, { return_url: "https://platform.example/done?id=7" });
  await picture(page, "signup-begin-1000");
  await sound(page);
  const popup = await opened(page, context);
  await finish(popup);
  await settled(page, "ready");
  assert.equal(await notice(page).textContent(), "WhatsApp is connected and ready to use.");
  assert.equal(await page.getByRole("link", { name: "Go back" }).getAttribute("href"), "https://platform.example/done?id=7");
  const states = await page.getByRole("listitem").evaluateAll((items) => items.map((item) => item.dataset.state));
  assert.ok(states.length > 5 && states.every((state) => state === "done"), states.join());
  assert.ok(await connect(page).isHidden());
  await picture(page, "signup-ready-1000");
  await sound(page);
});

test("a customer connects by keyboard alone, on a small screen", async (t) => {
  const { page, context } = await visit(t, {}, { context: { viewport: { width: 320, height: 640 } } });
  await connect(page).waitFor();
  await page.locator('button.go[aria-disabled="false"]').waitFor();
  const popup = context.waitForEvent("page");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await finish(await popup);
  await settled(page, "ready");
  await picture(page, "signup-ready-320");
  await sound(page);
});

test("an account without a number waits, and says whose turn it is", async (t) => {
  const { page, context } = await visit(t);
  await finish(await opened(page, context), { event: "FINISH_ONLY_WABA" });
  await settled(page, "waiting");
  assert.match(await page.locator(".turn").textContent(), /^Your turn/);
  assert.match(await notice(page).textContent(), /no phone number yet/);
  await picture(page, "signup-waiting-1000");
  await sound(page);
});

test("a number that stays in the WhatsApp Business app is prepared and connected", async (t) => {
  const { page, context } = await visit(t, { flow: "coexistence" });
  await page.getByRole("heading", { name: "Before you begin" }).waitFor();
  await page.getByText("2.24.17").waitFor();
  await picture(page, "signup-coexistence-1000");
  await sound(page);
  await finish(await opened(page, context), { event: "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" });
  await settled(page, "ready");
  assert.ok(await page.locator('[data-step="sync_history"]').isVisible());
  assert.equal(await page.locator('[data-step="register_number"]').count(), 0, "never registered");
});

test("a customer who cancels sees where, can start again, and is counted in the funnel", async (t) => {
  const { page, context } = await visit(t);
  const popup = await opened(page, context);
  await press(popup, "Cancel");
  await page.waitForFunction(() => document.querySelector(".notice").textContent.startsWith("You stopped at: \u2068the phone number"));
  assert.ok(await connect(page).isEnabled());
  await sound(page);
  await finish(await opened(page, context));
  await settled(page, "ready");
  const lost = await visit(t);
  await press(await opened(lost.page, lost.context), "Cancel");
  await lost.page.getByText("You stopped at").waitFor();
  await until("it is counted in the funnel", async () => {
    const { abandoned } = (await platform("GET", "/v1/funnel?days=1")).body;
    return abandoned.some((line) => line.step === "PHONE_NUMBER_SETUP" && line.count >= 1);
  });
});

test("an error screen of Meta's is shown with advice", async (t) => {
  const { page, context } = await visit(t);
  for (const [code, message, advice] of [
    ["3441042", "Not available in your region.", "does not offer this in your country"],
    ["524126", "We can't onboard customers at the moment.", "please try again later"],
    ["524126", "The business owns the app.", "A business cannot connect itself"],
    ["2593039", "Too many requests", "Wait a few hours"],
  ]) {
    const popup = await opened(page, context);
    await popup.getByLabel("Code").fill(code);
    await popup.getByLabel("Message").fill(message);
    await press(popup, "Report a problem");
    await page.waitForFunction((advice) => document.querySelector(".notice").textContent.includes(advice), advice);
    assert.match(await notice(page).textContent(), /^Meta reported: /);
    assert.equal(await page.getByRole("link", { name: "See Meta's status page" }).isVisible(), message.includes("can't onboard"));
  }
  await sound(page);
});

test("a window that closes without a message is detected", async (t) => {
  const { page, context } = await visit(t);
  await press(await opened(page, context), "Close without an event");
  await page.getByText("was closed before the steps were finished").waitFor();
  assert.ok(await connect(page).isEnabled());
});

test("a window that never answers is explained, and the full-page flow completes the signup", async (t) => {
  const { page, context } = await visit(t, {}, { prepare: (page) => page.clock.install() });
  const popup = await opened(page, context);
  await page.clock.runFor(21_000);
  await page.getByText("has not answered yet").waitFor();
  await popup.close();
  await page.clock.resume();
  await page.getByRole("link", { name: "Continue in this window" }).click();
  await finish(page);
  await settled(page, "ready");
  assert.ok(!page.url().includes("code="), "the code is removed from the address");
  assert.deepEqual(page.complaints, []);
});

test("a customer who cancels the full-page flow can start again", async (t) => {
  const { page, context } = await visit(t, {}, { prepare: (page) => page.addInitScript(() => { window.open = () => null; }) });
  await connect(page).click();
  await page.getByRole("link", { name: "Continue in this window" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("The steps at Meta were not finished").waitFor();
  assert.ok(context.pages().length === 1 && !page.url().includes("error"));
});

test("a blocked window is explained at once, and the full-page flow is offered", async (t) => {
  const { page } = await visit(t, {}, { prepare: (page) => page.addInitScript(() => { window.open = () => null; }) });
  await connect(page).click();
  await page.getByText("Your browser blocked Meta's window").waitFor();
  await sound(page);
  await page.getByRole("link", { name: "Continue in this window" }).click();
  await finish(page);
  await settled(page, "ready");
});

test("a failure to load Meta's script is explained, and the full-page flow is offered", async (t) => {
  const prepare = (page) => page.route(/sdk\.js$/, (route) => route.abort());
  const { page } = await visit(t, {}, { prepare, expected: [/sdk\.js/, /ERR_FAILED/] });
  await page.getByText("could not be loaded").waitFor();
  assert.ok(await page.getByRole("link", { name: "Continue in this window" }).isVisible());
});

test("an expired code takes one more click, which is enough", async (t) => {
  const { page, context } = await visit(t, {}, { expected: [/422/] });
  let late = true;
  await page.route("**/signup/callback", async (route) => {
    if (late) await meta("clock", { advance_seconds: 40 });
    late = false;
    await route.continue();
  });
  await finish(await opened(page, context));
  await page.getByText("Meta's confirmation has expired").waitFor();
  await settled(page, "relaunch");
  await page.getByRole("button", { name: "Connect WhatsApp again" }).waitFor();
  await finish(await opened(page, context));
  await settled(page, "ready");
});

test("ids that never arrive are read from the token's permission", async (t) => {
  const { page, context } = await visit(t);
  await page.evaluate(() => window.addEventListener("message", (event) => {
    if (typeof event.data === "string") event.stopImmediatePropagation();
  }, true));
  const popup = await opened(page, context);
  await finish(popup);
  await settled(page, "ready");
});

test("a platform that pauses signups says so, and the same link works afterwards", async (t) => {
  assert.equal((await platform("POST", "/v1/signups/pause")).status, 204);
  const { page, made } = await visit(t);
  await page.getByText("Connecting is paused at the moment").waitFor();
  assert.equal(await connect(page).count(), 0);
  await sound(page);
  assert.equal((await platform("POST", "/v1/signups/resume")).status, 204);
  await page.goto(made.signup_url);
  await connect(page).waitFor();
});

test("unknown and incomplete links are explained", async (t) => {
  const { page, made } = await visit(t, {}, { expected: [/404|400/] });
  for (const [url, text] of [
    [made.signup_url.replace(/ses_\w+/, `ses_${"0".repeat(62)}`), "We do not recognize this link"],
    [made.signup_url.split("?")[0], "The link is incomplete"],
  ]) {
    await page.goto(url);
    await page.getByText(text).waitFor();
    assert.deepEqual(await violations(page), []);
  }
});

test("the page waits while the network connection is lost", async (t) => {
  const { page, context } = await visit(t, {}, { expected: [/ERR_INTERNET_DISCONNECTED|ERR_FAILED/] });
  let down = true;
  await page.route("**/signup/status*", (route) => (down ? route.abort() : route.continue()));
  await page.route("**/signup/callback", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await page.reload();
  await page.getByText("You seem to be offline").waitFor();
  down = false;
  await connect(page).waitFor();
  await finish(await opened(page, context));
  await settled(page, "ready");
});

test("the code is posted again when the server is busy", async (t) => {
  const { page, context } = await visit(t, {}, { expected: [/503/] });
  let busy = 2;
  await page.route("**/signup/callback", (route) => {
    busy -= 1;
    return busy >= 0 ? route.fulfill({ status: 503, json: { code: "unavailable" } }) : route.continue();
  });
  await finish(await opened(page, context));
  await settled(page, "ready");
});

test("a script of Meta's that never loads is explained, and the full-page flow is offered", async (t) => {
  const prepare = async (page) => {
    await page.clock.install();
    await page.route(/sdk\.js$/, (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
  };
  const { page } = await visit(t, {}, { prepare });
  await connect(page).waitFor();
  await page.clock.runFor(9_000);
  await page.getByText("could not be loaded").waitFor();
  assert.ok(await page.getByRole("link", { name: "Continue in this window" }).isVisible());
});

test("a connected customer stays connected, whatever Meta's window reports afterwards", async (t) => {
  const { page } = await visit(t, {}, { prepare: (page) => page.addInitScript(() => { window.open = () => null; }) });
  await connect(page).click();
  await page.getByRole("link", { name: "Continue in this window" }).click();
  await page.getByRole("button", { name: "Finish" }).waitFor();
  const state = new URL(page.url()).searchParams.get("state");
  await finish(page);
  await settled(page, "ready");
  await page.goto(`${lab.api}/signup/return?error=access_denied&state=${state}`);
  await settled(page, "ready");
  await page.getByText("WhatsApp is connected and ready to use.").waitFor();
  assert.ok(await connect(page).isHidden());
  assert.ok(!page.url().includes("state="), "the state is removed from the address");
});

test("a link that expires while the page is open says so", async (t) => {
  const { page } = await visit(t, {}, { prepare: (page) => page.clock.install() });
  await connect(page).waitFor();
  const expired = { state: "expired", who_acts: null, message: "This link has expired.", until: null, can_start: false, return_url: null, steps: [] };
  await page.route("**/signup/status*", (route) => route.fulfill({ json: expired }));
  await page.clock.runFor(61_000);
  await page.getByText("This link has expired.").waitFor();
  assert.ok(await connect(page).isHidden());
});

test("the full-page flow returns in the language it started in", async (t) => {
  const blocked = (page) => page.addInitScript(() => { window.open = () => null; });
  const { page } = await visit(t, {}, { query: "&locale=ko", prepare: blocked });
  await page.locator('button.go[aria-disabled="false"]').click();
  await page.locator(".here:visible").first().click();
  await finish(page);
  await settled(page, "ready");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "ko");
});

test("a returning customer adds a second number to its account", async (t) => {
  const customer_ref = `again-${process.pid}`;
  const first = await visit(t, { customer_ref });
  await finish(await opened(first.page, first.context));
  await settled(first.page, "ready");
  const mine = async () => (await platform("GET", `/v1/onboardings?customer_ref=${customer_ref}&state=ready`)).body.onboardings;
  const [{ waba_id: account }] = await mine();
  const second = await visit(t, { customer_ref });
  await finish(await opened(second.page, second.context), { account });
  await settled(second.page, "ready");
  const records = await mine();
  assert.equal(records.length, 1, "one record per account");
  assert.equal(records[0].phone_number_ids.length, 2);
});

test("an app-only install gives the app access to a customer's account", async (t) => {
  const { page, context } = await visit(t, { flow: "app_only_install" });
  const popup = await opened(page, context);
  const extras = JSON.parse(new URL(popup.url()).searchParams.get("extras"));
  assert.deepEqual(extras.features, [{ name: "app_only_install" }]);
  await finish(popup, { event: "FINISH_GRANT_ONLY_API_ACCESS" });
  await settled(page, "ready");
});

// An operator's work in the console: sign in, find, resume, assign, end, edit templates, cancel, migrate, redrive.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, lab, meta, overflows, picture, platform, session, until, violations, watched } from "./lab.js";

let chromium, context, acme;

/** A customer whose code is posted by the platform's server, without a browser in Meta's window. */
async function customer(order = {}, signup = {}) {
  const made = await session(order);
  const popup = (await meta("signups", signup)).body;
  const body = { session: made.session, code: popup.code, event: popup.event };
  for (const key of ["waba_id", "phone_number_id", "business_id"]) if (popup.data[key]) body[key] = String(popup.data[key]);
  const headers = { "content-type": "application/json" };
  const reply = await fetch(`${lab.api}/signup/callback`, { method: "POST", headers, body: JSON.stringify(body) });
  const id = (await reply.json()).onboarding_id;
  return { id, waba: popup.waba_id, phone: body.phone_number_id, business: body.business_id, reference: order.customer_ref };
}

const details = async (id) => (await platform("GET", `/v1/onboardings/${id}`)).body;
const reached = (id, state) => until(`${id} is ${state}`, async () => (await details(id)).onboarding.state === state);

before(async () => {
  chromium = await browser();
  acme = await customer({ customer_ref: `acme-${process.pid}` });
  await reached(acme.id, "ready");
  await customer({ customer_ref: `bakery-${process.pid}` }, { event: "FINISH_ONLY_WABA", numbers: 0 });
  context = await chromium.newContext({ locale: "en-US", viewport: { width: 1440, height: 900 } });
});
after(async () => { await chromium.close(); });

/** The console at an address, signed in: the issuer asks for a role once and remembers it. */
async function opened(t, hash = "", { role = "administrator", of = context } = {}) {
  const page = await watched(of, { expected: [/409|422/] });
  t.after(() => page.close());
  await page.goto(`${lab.api}/console${hash}`);
  const login = page.getByRole("link", { name: `Log in as ${role}` });
  const heading = page.getByRole("heading", { level: 1 });
  await login.or(heading.filter({ hasNotText: /Log in|Operator console/ })).first().waitFor();
  if (await login.isVisible()) await login.click();
  await page.locator("#shell:not([hidden])").waitFor();
  return page;
}

async function sound(page, name) {
  await picture(page, `console-${name}-1440`);
  assert.deepEqual(await violations(page), [], `${name}: axe-core`);
  assert.deepEqual(await overflows(page), [], `${name}: nothing is cut off`);
  await page.setViewportSize({ width: 360, height: 780 });
  await picture(page, `console-${name}-360`);
  assert.deepEqual(await overflows(page), [], `${name}: nothing is cut off on a phone`);
  await page.setViewportSize({ width: 1440, height: 900 });
  assert.deepEqual(page.complaints, [], `${name}: no browser errors`);
}

const title = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

test("an operator signs in, sees the overview, and pauses signups", async (t) => {
  const page = await opened(t);
  await title(page, "Overview");
  await page.getByRole("link", { name: /Ready/ }).first().waitFor();
  await page.getByText("Signups are open.").waitFor();
  await sound(page, "overview");
  await page.getByRole("button", { name: "Pause signups" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause signups" }).click();
  await page.getByText("Signups are paused.").waitFor();
  assert.ok((await platform("GET", "/v1/limits")).body.signups.paused_since);
  await page.getByRole("button", { name: "Resume signups" }).click();
  await page.getByText("Signups are open.").waitFor();
});

test("the console shows nothing without a sign-in, and nothing after signing out", async (t) => {
  const own = await chromium.newContext();
  t.after(() => own.close());
  const page = await watched(own, { expected: [/401/] });
  await page.goto(`${lab.api}/console`);
  await page.getByRole("link", { name: "Log in as operator" }).click();
  await title(page, "Overview");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Log in as reader" }).click();
  await title(page, "Overview");
  await page.getByText("local|reader").waitFor();
});

/** Everything that a script of this origin can read from browser storage. */
const stored = (page) => page.evaluate(async () => {
  const databases = (await indexedDB.databases?.()) ?? [];
  const found = { session: { ...sessionStorage }, local: { ...localStorage }, cookie: document.cookie, name: window.name };
  return JSON.stringify({ ...found, databases, caches: await caches.keys(), state: history.state });
});

test("a reload signs in again without a prompt, and no token is in any storage", async (t) => {
  const page = await opened(t, "#/queues");
  assert.doesNotMatch(await stored(page), /eyJ|verifier/);
  await page.reload();
  await title(page, "Queues");
  assert.doesNotMatch(await stored(page), /eyJ|verifier/);
  assert.equal(new URL(page.url()).search, "");
  assert.deepEqual(page.complaints, []);
});

test("a script of the signup page gets neither the token nor a handle of the console", async (t) => {
  const page = await opened(t);
  const link = (await session()).signup_url;
  await page.goto(link);
  assert.doesNotMatch(await stored(page), /eyJ|verifier/, "no secret is left in this tab");
  page.complaints.length = 0;
  const issuer = `${lab.control}/authorize?${new URLSearchParams({
    response_type: "code", client_id: "console", redirect_uri: `${lab.api}/console`, scope: "openid onboarding/admin",
    state: "planted", code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
  })}`;
  // One window that opens the console, and one that has the issuer send a code there.
  for (const target of [`${lab.api}/console`, issuer]) {
    const opening = context.waitForEvent("page");
    await page.evaluate((address) => {
      window.seen = [];
      window.handle = window.open(address, "console");
      window.watch = setInterval(() => {
        try {
          window.seen.push(String(window.handle.location.href), typeof window.handle.fetch, window.handle.document.title);
        } catch {
          // The window shows another origin at the moment.
        }
      }, 1);
    }, target);
    const popup = await opening;
    t.after(() => popup.close());
    await popup.waitForURL(/\/console(#|\?|$)/);
    await popup.locator("#shell:not([hidden]), #gate-button:not([hidden])").first().waitFor();
    const { seen, closed, named } = await page.evaluate(() => {
      clearInterval(window.watch);
      const again = window.open("", "console");
      const named = again?.location.href;
      again?.close();
      return { seen: window.seen.join(" "), closed: window.handle.closed, named };
    });
    assert.equal(closed, true, "the handle has no window");
    assert.equal(named, "about:blank", "the name leads to another window");
    assert.doesNotMatch(seen, /code=|Operator console|console/);
    assert.equal(await popup.evaluate(() => window.opener), null);
  }
  const framed = await page.evaluate(async (addresses) => {
    const texts = [];
    for (const address of addresses) {
      const frame = document.createElement("iframe");
      frame.src = address;
      document.body.append(frame);
      await new Promise((resolve) => setTimeout(resolve, 500));
      try {
        texts.push(`${frame.contentWindow.location.href} ${frame.contentDocument?.title ?? ""}`);
      } catch {
        texts.push("unreachable");
      }
    }
    return texts.join(" ");
  }, [`${lab.api}/console`, issuer]);
  assert.doesNotMatch(framed, /code=|Operator console/);
  const worker = (file) => page.evaluate(
    (script) => navigator.serviceWorker.register(script).then(() => "registered", (error) => error.name), file);
  for (const file of ["/console/pkce.js", "/console/times.js"]) assert.notEqual(await worker(file), "registered");
  const reply = await fetch(`${lab.api}/console/pkce.js`, { headers: { "service-worker": "script" } });
  assert.equal(reply.status, 404, "not served as a worker, whatever the page's policy");
  const fetched = await page.evaluate(() => fetch("/console?code=x&state=y").then((answer) => answer.text()));
  assert.doesNotMatch(fetched, /eyJ/);
  const reached = await page.evaluate((address) => fetch(address, { credentials: "include" }).then(() => "reached", () => "refused"), issuer);
  assert.equal(reached, "refused");
});

test("each role is offered exactly what it may do", async (t) => {
  const forAll = ["Pause signups", "Repair webhook"];
  const forOne = ["New signup link", "End connection", "Run checks again", "Migrate a number", "New template", "Refresh", "Copy", "Delete"];
  const places = {
    "#/overview": "Overview", "#/onboardings": "Onboardings", [`#/onboardings/${acme.id}`]: acme.reference,
    "#/doctor": "Doctor", "#/moves": "Migrations", [`#/onboardings/${acme.id}/templates`]: "Templates",
  };
  for (const [role, offered] of [["reader", []], ["operator", forOne], ["administrator", [...forAll, ...forOne]]]) {
    const own = await chromium.newContext({ locale: "en-US", viewport: { width: 1440, height: 900 } });
    t.after(() => own.close());
    const page = await opened(t, "", { role, of: own });
    await page.getByText(`local|${role}`).waitFor();
    const seen = new Set();
    for (const [place, name] of Object.entries(places)) {
      await page.evaluate((hash) => (location.hash = hash), place);
      await title(page, name);
      await until("everything is loaded", async () => (await page.locator(".skeleton").count()) === 0);
      for (const text of await page.getByRole("button").allTextContents()) seen.add(text.trim());
    }
    for (const name of [...forAll, ...forOne]) assert.equal(seen.has(name), offered.includes(name), `${role}: ${name}`);
    assert.deepEqual(page.complaints, []);
  }
});

test("an operator finds a customer, reads its timeline, checks its reception, and ends its connection", async (t) => {
  const reference = `leaver-${process.pid}`;
  const leaver = await customer({ customer_ref: reference });
  await reached(leaver.id, "ready");
  const page = await opened(t, "#/onboardings");
  await page.getByRole("searchbox", { name: "Customer reference or exact id" }).fill(leaver.waba);
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.getByRole("link", { name: reference }).click();
  await title(page, reference);
  assert.equal(await page.locator('li[data-step="register_number"][data-state="done"]').count(), 1);
  await page.getByRole("button", { name: `Check now: reception of ${leaver.phone}` }).click();
  await page.getByText(/last event/i).first().waitFor();
  await sound(page, "onboarding");
  await page.getByRole("button", { name: "End connection" }).click();
  const dialog = page.getByRole("dialog", { name: "End this connection?" });
  await dialog.getByRole("textbox", { name: "Customer reference" }).fill(reference);
  await dialog.getByRole("button", { name: "End connection" }).click();
  await reached(leaver.id, "left");
});

test("earlier entries of a long timeline are loaded page by page", async (t) => {
  const page = await opened(t);
  const entry = (event) => ({ at: "2026-01-02T03:04:05Z", event, step: null, attempt: null, code: null });
  const pages = { one: { timeline: [entry("older_entry")], cursor: "two" }, two: { timeline: [entry("oldest_entry")], cursor: null } };
  await page.route(`**/v1/onboardings/${acme.id}`, async (route) => {
    const reply = await route.fetch();
    await route.fulfill({ response: reply, json: { ...(await reply.json()), timeline_cursor: "one" } });
  });
  await page.route(`**/v1/onboardings/${acme.id}/timeline?**`, (route) =>
    route.fulfill({ json: pages[new URL(route.request().url()).searchParams.get("cursor")] }));
  await page.evaluate((id) => { location.hash = `#/onboardings/${id}`; }, acme.id);
  await page.getByText(/\d+\+ earlier/).click();
  await page.getByRole("button", { name: "Earlier entries" }).click();
  await page.getByText(/older entry/i).waitFor();
  await page.getByRole("button", { name: "Earlier entries" }).click();
  await page.getByText(/oldest entry/i).waitFor();
  assert.equal(await page.getByRole("button", { name: "Earlier entries" }).count(), 0, "no entries are left");
});

test("an operator resumes a waiting onboarding", async (t) => {
  const page = await opened(t, "#/onboardings");
  await page.getByRole("navigation", { name: "By state" }).getByRole("link", { name: /Waiting/ }).click();
  await page.getByRole("link", { name: `bakery-${process.pid}` }).click();
  await page.locator('li[data-step="find_number"][data-state="waiting"]').waitFor();
  await page.getByRole("button", { name: "Resume", exact: true }).click();
  await page.locator("li", { hasText: /resumed by local\|administrator/i }).first().waitFor();
  await sound(page, "waiting");
});

test("an operator assigns an account instead of another click by the customer", async (t) => {
  const reference = `expired-${process.pid}`;
  const { session: link } = await session({ customer_ref: reference });
  const popup = (await meta("signups", {})).body;
  await meta("clock", { advance_seconds: 40 });
  const reply = await fetch(`${lab.api}/signup/callback`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ session: link, code: popup.code, event: popup.event }),
  });
  assert.equal(reply.status, 422, "the code has expired");
  const listed = async () => (await platform("GET", `/v1/onboardings?customer_ref=${reference}`)).body.onboardings[0];
  const { id } = await until("it asks for another click", async () => {
    const record = await listed();
    return record?.state === "relaunch" && record;
  });
  const own = await chromium.newContext({ locale: "en-US" });
  t.after(() => own.close());
  const reader = await opened(t, `#/onboardings/${id}`, { role: "reader", of: own });
  await title(reader, reference);
  assert.equal(await reader.getByRole("button", { name: "Assign account" }).count(), 0, "not offered to a reader");
  const page = await opened(t, `#/onboardings/${id}`);
  await title(page, reference);
  await page.getByRole("button", { name: "Assign account" }).click();
  const dialog = page.getByRole("dialog", { name: "Assign account" });
  assert.equal(await dialog.getByRole("textbox", { name: "Customer reference" }).inputValue(), reference);
  await dialog.getByRole("textbox", { name: "Account id" }).fill(String(popup.waba_id));
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole("button", { name: "Assign" }).click();
  await reached(id, "ready");
  assert.equal((await details(id)).onboarding.waba_id, String(popup.waba_id));
});

test("an operator creates a signup link", async (t) => {
  const page = await opened(t, "#/onboardings");
  await page.getByRole("button", { name: "New signup link" }).click();
  const dialog = page.getByRole("dialog", { name: "New signup link" });
  await dialog.getByRole("textbox", { name: "Customer reference" }).fill("from-the-console");
  await dialog.getByRole("combobox", { name: "Language" }).selectOption("ja");
  await dialog.getByRole("button", { name: "Create link" }).click();
  const url = await dialog.getByRole("textbox", { name: "Signup link" }).inputValue();
  assert.match(await (await fetch(url)).text(), /lang="ja"/);
  assert.deepEqual(await violations(page), []);
});

test("a template is previewed, submitted, copied and deleted", async (t) => {
  const page = await opened(t, `#/onboardings/${acme.id}/templates`);
  await title(page, "Templates");
  await page.getByText("order_update_1").first().waitFor();
  await sound(page, "templates");
  await page.getByRole("button", { name: "New template" }).click();
  const dialog = page.getByRole("dialog", { name: "New template" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("pickup_ready");
  await dialog.getByRole("textbox", { name: "Body" }).fill("Hello {{1}}, your order is ready.");
  await dialog.getByRole("textbox", { name: "Example for {{1}} in the body" }).fill("Maria");
  await dialog.locator(".bubble", { hasText: "Hello Maria, your order is ready." }).waitFor();
  await picture(page, "console-composer-1440");
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole("button", { name: "Submit for review" }).click();
  await page.getByText("pickup_ready").first().waitFor();
  const read = () => platform("GET", `/v1/onboardings/${acme.id}/templates/pickup_ready/en_US`);
  assert.equal((await read()).status, 200);
  await page.getByRole("button", { name: /^Copy order_update_2/ }).click();
  const copy = page.getByRole("dialog", { name: /^Copy order_update_2/ });
  await copy.getByRole("textbox", { name: "Name" }).fill("order_update_copy");
  await copy.getByRole("button", { name: "Copy" }).click();
  await page.getByText("order_update_copy").first().waitFor();
  await page.getByRole("button", { name: /^Delete pickup_ready/ }).click();
  await page.getByRole("dialog", { name: /^Delete pickup_ready/ }).getByRole("button", { name: "Delete template" }).click();
  await until("it is deleted", async () => (await read()).status === 404);
});

test("the sample of an image header is uploaded from the editor", async (t) => {
  const page = await opened(t, `#/onboardings/${acme.id}/templates`);
  await title(page, "Templates");
  await page.getByRole("button", { name: "New template" }).click();
  const dialog = page.getByRole("dialog", { name: "New template" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("spring_news");
  await dialog.getByRole("combobox", { name: "Category" }).selectOption("MARKETING");
  await dialog.getByRole("textbox", { name: "Body" }).fill("Look at what is new with us today.");
  await dialog.getByRole("combobox", { name: "Header type" }).selectOption("IMAGE");
  await dialog.getByText("A media header needs a sample file").waitFor();
  const file = { name: "spring.png", mimeType: "image/png", buffer: Buffer.from("89504e470d0a1a0a", "hex") };
  await dialog.getByLabel("Sample file").setInputFiles(file);
  await dialog.getByText("The sample is uploaded.").waitFor();
  await dialog.getByText("No problems found.").waitFor();
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole("button", { name: "Submit for review" }).click();
  await page.getByText("spring_news").first().waitFor();
});

test("a second attempt is shown with its time, and cancelled", async (t) => {
  await meta(`phones/${acme.phone}`, { outcomes: ["failed:131000"] });
  const message = { to: "16505551234", type: "text", text: { body: "hello" } };
  const sent = (await platform("POST", `/v1/phone-numbers/${acme.phone}/messages`, message)).body.message_id;
  const state = async () => (await platform("GET", `/v1/messages/${sent}`)).body.state;
  await until("it failed once", async () => (await state()) === "retrying");
  const page = await opened(t, "#/messages");
  await page.getByText(sent).first().waitFor();
  await sound(page, "messages");
  await page.getByRole("button", { name: `Cancel the second attempt of ${sent}` }).click();
  const dialog = page.getByRole("dialog", { name: "Cancel the second attempt?" });
  await dialog.getByRole("button", { name: "Cancel second attempt" }).click();
  await until("it is cancelled", async () => (await state()) === "cancelled");
});

test("a number is migrated step by step", async (t) => {
  const source = (await meta("signups", { business_id: acme.business })).body;
  await meta(`wabas/${acme.waba}`, { grant: source.waba_id });
  const there = String(source.data.phone_number_id);
  await meta(`phones/${there}`, { status: "CONNECTED", standing: { quality: "GREEN", limit: "TIER_10K", official: false } });
  const phones = async () => (await meta("state")).body.phones;
  const number = (await phones())[there].display_phone_number.replace("+1 ", "");
  const page = await opened(t, "#/moves");
  await page.getByRole("button", { name: "Migrate a number" }).click();
  const dialog = page.getByRole("dialog", { name: "Migrate a number" });
  for (const [name, value] of [
    ["Onboarding", acme.id], ["Country code", "1"], ["Phone number", number],
    ["Source account id", source.waba_id], ["Source number id", there],
  ]) await dialog.getByRole("textbox", { name }).fill(value);
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole("button", { name: "Start migration" }).click();
  await page.getByRole("button", { name: "Send code" }).click();
  const entry = page.getByRole("textbox", { name: "Six-digit code" });
  await entry.waitFor();
  const code = await until("the owner received a code", async () =>
    Object.values(await phones()).find((phone) => phone.arrival?.from === there)?.arrival.code);
  await picture(page, "console-move-code-1440");
  await entry.fill(code);
  await page.getByRole("button", { name: "Verify" }).click();
  await until("the migration is done", async () => (await platform("GET", "/v1/moves")).body.moves[0].state === "done");
  await page.getByRole("row", { name: /quality.*GREEN.*GREEN/i }).waitFor();
  await sound(page, "move");
});

test("an operator redrives a dead-letter queue", async (t) => {
  const page = await opened(t, "#/queues");
  await page.locator('li[data-queue="TemplateQueue"]').getByText("1", { exact: true }).first().waitFor();
  await sound(page, "queues");
  await page.getByRole("button", { name: "Redrive TemplateQueue" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Redrive" }).click();
  await until("all queues are empty", async () =>
    (await platform("GET", "/v1/dead-letters")).body.queues.every((queue) => queue.messages === 0));
});

test("the doctor runs its checks", async (t) => {
  const page = await opened(t, "#/doctor");
  await title(page, "Doctor");
  await page.getByRole("button", { name: "Run checks again" }).click();
  await page.locator('li[data-check="system_user"]').waitFor();
  await page.locator('[data-state="in_order"]').waitFor();
  await sound(page, "doctor");
});

test("the doctor repairs the app's webhook and shows that it is in order", async (t) => {
  await meta("platform", { webhook_fields: ["messages"], callback: false });
  const page = await opened(t, "#/doctor");
  await title(page, "Doctor");
  await page.locator('[data-state="missing"]').waitFor();
  await page.getByRole("button", { name: "Repair webhook" }).click();
  await sound(page, "doctor-repair");
  await page.getByRole("dialog").getByRole("button", { name: "Subscribe" }).click();
  await page.getByText("Meta sends webhooks to").first().waitFor();
  await page.locator('[data-state="in_order"]').waitFor();
});

test("the page updates by itself, and shows when it is offline", async (t) => {
  const page = await opened(t, "#/onboardings");
  const reference = `live-${process.pid}`;
  await title(page, "Onboardings");
  await customer({ customer_ref: reference });
  await page.getByRole("link", { name: reference }).waitFor();
  page.complaints.length = 0;
  await page.route("**/v1/**", (route) => route.abort());
  await page.locator('#connection[data-state="offline"]').waitFor();
  await page.unroute("**/v1/**");
  await page.locator('#connection[data-state="live"]').waitFor();
});

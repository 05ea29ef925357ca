// Every language is complete, has its own direction, and fits the smallest screen.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LANGUAGES, browser, overflows, picture, session, violations, watched } from "./lab.js";

let chromium;
before(async () => { chromium = await browser(); });
after(async () => { await chromium.close(); });

const STATES = ["pending", "running", "retrying", "waiting", "skipped", "done"];

/** A status that shows every step, and the longest sentences of the language. */
function everything(texts, message) {
  const names = Object.keys(texts).filter((key) => key.startsWith("step.")).map((key) => key.slice(5));
  const steps = names.map((name, at) => ({ name, state: STATES[at % STATES.length], message: at % 3 === 0 ? message : null }));
  return { state: "waiting", who_acts: "customer", message, until: "2027-01-02T03:04:05Z", can_start: false, return_url: null, steps };
}

/** Text that a person would see and should not. */
const strange = (page) => page.evaluate(() => {
  const found = [];
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) if (walk.currentNode.parentElement.localName !== "noscript") if (/undefined|null|\[object|\{\w+\}|page\.|step\./.test(walk.currentNode.data)) found.push(walk.currentNode.data);
  const empty = [...document.querySelectorAll("main button, main li > span, main h1, main h2, main a")].filter((element) => !element.textContent.trim());
  return [...found, ...empty.map((element) => element.outerHTML)];
});

test(`${LANGUAGES.length} languages: complete, in their direction, within 320 pixels`, async (t) => {
  assert.ok(LANGUAGES.length >= 30);
  const context = await chromium.newContext({ viewport: { width: 320, height: 700 } });
  t.after(() => context.close());
  const made = await session({ flow: "coexistence" });
  const titles = new Set();
  for (const { tag, sdk_locale: sdk, direction } of LANGUAGES) {
    const page = await watched(context);
    const loaded = page.waitForRequest((request) => request.url().endsWith("/sdk.js"));
    const document = await page.goto(`${made.signup_url}&locale=${tag}`);
    assert.ok((await document.body()).length < 60 * 1024, `${tag}: light enough`);
    assert.ok((await loaded).url().includes(`/${sdk}/`), `${tag}: the SDK speaks it too`);
    await page.locator('button.go[aria-disabled="false"]').waitFor();
    const html = await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]);
    assert.deepEqual(html, [tag, direction], tag);
    assert.deepEqual([await strange(page), await overflows(page)], [[], []], `${tag} at the beginning`);
    titles.add(await page.locator("h1").textContent());
    const { texts } = JSON.parse(await page.locator("#config").textContent());
    const longest = Object.entries(texts).filter(([key]) => !key.startsWith("page.")).map(([, text]) => text).sort((a, b) => b.length - a.length)[0];
    await page.route("**/signup/status*", (route) => route.fulfill({ json: everything(texts, longest) }));
    await page.reload();
    await page.waitForSelector('#connect-whatsapp[data-state="waiting"]');
    assert.deepEqual([await strange(page), await overflows(page)], [[], []], `${tag} with every step`);
    if (["ar", "ja", "de", "hi"].includes(tag)) {
      await picture(page, `signup-${tag}-320`);
      assert.deepEqual(await violations(page), [], tag);
    }
    assert.deepEqual(page.complaints, [], tag);
    await page.close();
  }
  assert.ok(titles.size > 20, "titles differ");
});

test("the session's language goes before the address's, that before the browser's", async (t) => {
  const context = await chromium.newContext({ locale: "fr-FR" });
  t.after(() => context.close());
  const page = await watched(context);
  const lang = async (url) => { await page.goto(url); return page.evaluate(() => document.documentElement.lang); };
  const [free, ordered] = [await session(), await session({ locale: "pt-BR" })];
  assert.equal(await lang(free.signup_url), "fr");
  assert.equal(await lang(`${free.signup_url}&locale=ko`), "ko");
  assert.equal(await lang(`${ordered.signup_url}&locale=ko`), "pt-BR");
});

// The numbers of an account: Meta's words about each, and the five lights, which are looked at when somebody asks.

import { call, path } from "./api.js";
import { h } from "./dom.js";
import { card, chip, doing, empty, light } from "./marks.js";
import { ago, relative } from "./times.js";
import { aspectName, counted, lightName } from "./words.js";

// The three that people ask for first.
const FIRST = ["quality", "messaging_limit", "name_status"];

// What is forbidden is bad by whatever name; how much of a history has come is a number.
function wordChip(aspect, word) {
  if (aspect === "restriction" || aspect === "violation") return chip(word, { tone: word === "LIFTED" ? "ok" : "bad" });
  return aspect === "history" && /^\d+$/.test(word) ? chip(word, { tone: "info", text: `${word} %` }) : chip(word);
}

/** Meta's words, each with its name and since when it is the word. */
export function wordList(words, first = []) {
  const order = [...first.filter((aspect) => words[aspect]), ...Object.keys(words).filter((aspect) => !first.includes(aspect))];
  return h(
    "dl",
    { class: "facts" },
    order.map((aspect) =>
      h(
        "div",
        { key: aspect },
        h("dt", {}, aspectName(aspect)),
        h("dd", {}, wordChip(aspect, words[aspect].word), " ", h("span", { class: "note" }, ago(words[aspect].since))),
      ),
    ),
  );
}

function lightLine({ name, ok, code, at }) {
  return h(
    "li",
    { key: name },
    light(ok),
    h("span", { class: "light-name" }, lightName(name)),
    code && h("code", {}, code),
    at && h("span", { class: "note" }, relative(at)),
  );
}

function lights(page, phone) {
  const seen = page.local.reception?.[phone];
  const look = async () => {
    const answer = await call("GET", path("reception", phone));
    page.local.reception = { ...page.local.reception, [phone]: { lights: answer.lights, at: new Date().toISOString() } };
    const good = answer.lights.filter((one) => one.ok).length;
    return `Looked at ${phone}: ${good} of ${counted(answer.lights.length, "light")} in order.`;
  };
  const name = `Look now at the reception of ${phone}`;
  return h(
    "div",
    { class: "lights" },
    h(
      "div",
      { class: "lights-head" },
      h("h4", {}, "Is it receiving?"),
      doing(page, `look-${phone}`, "Look now", look, { label: name }),
      h("span", { class: "note" }, seen ? ["Looked ", relative(seen.at)] : "Asks Meta; not looked yet."),
    ),
    seen && h("ul", { class: "plain light-list" }, seen.lights.map(lightLine)),
  );
}

function number(page, { phone_number_id: phone, since, coexistence, registered_at: registered, words }) {
  return h(
    "article",
    { class: "number", key: phone, "aria-label": `Number ${phone}` },
    h("h3", {}, h("code", {}, phone), coexistence && chip("coexistence", { tone: "info", text: "Also in the app" })),
    h("p", { class: "note" }, "Known ", ago(since), registered ? [" · registered ", ago(registered)] : " · not registered here"),
    wordList(words, FIRST),
    lights(page, phone),
  );
}

export function numbers(page, list) {
  return card(
    "Numbers",
    { key: "numbers" },
    list.length ? list.map((one) => number(page, one)) : empty("No number is connected yet."),
  );
}

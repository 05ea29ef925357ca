// The phone numbers of an account: their status at Meta, and the five reception checks, which run on request.

import { call, path } from "./api.js";
import { h } from "./dom.js";
import { card, chip, doing, empty, indicator } from "./components.js";
import { ago, relative } from "./times.js";
import { attributeName, counted, receptionCheckName } from "./labels.js";

// The three attributes that matter most, shown first.
const FIRST = ["quality", "messaging_limit", "name_status"];

// Restrictions and violations are bad, whatever the value. A numeric history value is the percentage that was synced.
function statusChip(attribute, value) {
  if (["restriction", "violation"].includes(attribute)) return chip(value, { tone: value === "LIFTED" ? "ok" : "bad" });
  if (attribute === "history" && /^\d+$/.test(value)) return chip(value, { tone: "info", text: `${value} %` });
  return chip(value);
}

/** The status values reported by Meta, each with its attribute and since when it holds. */
export function statusList(statuses, first = []) {
  const others = Object.keys(statuses).filter((attribute) => !first.includes(attribute));
  const order = [...first.filter((attribute) => statuses[attribute]), ...others];
  return h(
    "dl",
    { class: "facts" },
    order.map((attribute) =>
      h(
        "div",
        { key: attribute },
        h("dt", {}, attributeName(attribute)),
        h(
          "dd",
          {},
          statusChip(attribute, statuses[attribute].word),
          " ",
          h("span", { class: "note" }, ago(statuses[attribute].since)),
        ),
      ),
    ),
  );
}

function checkLine({ name, ok, code, at }) {
  return h(
    "li",
    { key: name },
    indicator(ok),
    h("span", { class: "light-name" }, receptionCheckName(name)),
    code && h("code", {}, code),
    at && h("span", { class: "note" }, relative(at)),
  );
}

function receptionChecks(page, phone) {
  const seen = page.local.reception?.[phone];
  const run = async () => {
    const answer = await call("GET", path("reception", phone));
    page.local.reception = { ...page.local.reception, [phone]: { lights: answer.lights, at: new Date().toISOString() } };
    const good = answer.lights.filter((one) => one.ok).length;
    return `${phone}: ${good} of ${counted(answer.lights.length, "check")} passed.`;
  };
  const name = `Check now: reception of ${phone}`;
  return h(
    "div",
    { class: "lights" },
    h(
      "div",
      { class: "lights-head" },
      h("h4", {}, "Reception"),
      doing(page, `reception-${phone}`, "Check now", run, { label: name }),
      h("span", { class: "note" }, seen ? ["Checked ", relative(seen.at)] : "Not checked yet; a check calls Meta."),
    ),
    seen && h("ul", { class: "plain light-list" }, seen.lights.map(checkLine)),
  );
}

function number(page, { phone_number_id: phone, since, coexistence, registered_at: registered, words }) {
  return h(
    "article",
    { class: "number", key: phone, "aria-label": `Number ${phone}` },
    h("h3", {}, h("code", {}, phone), coexistence && chip("coexistence", { tone: "info", text: "Also in the app" })),
    h("p", { class: "note" }, "Added ", ago(since), registered ? [" · registered ", ago(registered)] : " · not registered here"),
    statusList(words, FIRST),
    receptionChecks(page, phone),
  );
}

export function numbers(page, list) {
  return card(
    "Numbers",
    { key: "numbers" },
    list.length ? list.map((one) => number(page, one)) : empty("No number is connected yet."),
  );
}

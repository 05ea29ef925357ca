// The first view: who is where, how much of Meta's limit is left, how far signups come, and what needs somebody.

import { to } from "./addresses.js";
import { call, path, withQuery } from "./api.js";
import { confirmDialog } from "./dialog.js";
import { h } from "./dom.js";
import { forecast } from "./forecast.js";
import { funnel } from "./funnel.js";
import { gauge } from "./gauge.js";
import { banner, button, card, chip, doing, heading, whenKnown } from "./marks.js";
import { barline, perDay } from "./sparkline.js";
import { absolute, relative } from "./times.js";
import { counted, readable, STATES, toneOf } from "./words.js";

// These change slowly, or cost more to ask: the funnel counts every link of a month.
const SELDOM_MS = 15_000;
const RARELY_MS = 300_000;

function sources() {
  const lists = STATES.map((state) => [`in_${state}`, { path: withQuery(path("onboardings"), { state }), every: SELDOM_MS }]);
  return {
    limits: { path: path("limits") },
    queues: { path: path("dead-letters"), every: SELDOM_MS },
    funnel: { path: withQuery(path("funnel"), { days: "30" }), every: RARELY_MS },
    ...Object.fromEntries(lists),
  };
}

function tile(page, state) {
  const list = page.data[`in_${state}`];
  const count = list ? `${list.onboardings.length}${list.cursor ? "+" : ""}` : "–";
  const tone = list?.onboardings.length ? toneOf(state) : "idle";
  return h(
    "li",
    { key: state },
    h(
      "a",
      { class: `tile ${tone}`, href: to(["onboardings"], { state }) },
      h("strong", {}, count),
      h("span", {}, readable(state)),
    ),
  );
}

function pauseSignups(page) {
  confirmDialog({
    title: "Pause signups?",
    submit: "Pause signups",
    text: "Customers who open a signup link are asked to come back later, until signups are resumed. Running onboardings go on.",
    run: () => call("POST", path("signups", "pause")).then(() => page.refresh()),
  });
}

function signups(page) {
  const { signups: switched } = page.data.limits ?? {};
  if (!page.data.limits)
    return h("div", { class: "banner idle", key: "signups" }, h("div", { class: "banner-text" }, h("p", {}, "Signups")));
  if (!switched?.paused_since) {
    const tools = button("Pause signups", { needs: "signups.pause", onclick: () => pauseSignups(page) });
    return banner(
      "ok",
      { key: "signups", tools },
      h("p", {}, h("strong", {}, "Signups are open."), " New customers can connect."),
    );
  }
  const resume = async () => {
    await call("POST", path("signups", "resume"));
    return "Signups are open again.";
  };
  const since = ` Since ${absolute(switched.paused_since)}.`;
  return banner(
    "warn",
    { key: "signups", tools: doing(page, "resume-signups", "Resume signups", resume, { tone: "primary", needs: "signups.resume" }) },
    h("p", {}, h("strong", {}, "Signups are paused."), ` Nobody new can connect.${since}`),
  );
}

function deadLetters(page) {
  const full = (page.data.queues?.queues ?? []).filter((queue) => queue.messages > 0);
  if (!full.length) return null;
  const total = full.reduce((sum, queue) => sum + queue.messages, 0);
  return banner(
    "bad",
    { key: "dead", tools: h("a", { class: "button", href: "#/queues" }, "Look at the queues") },
    h(
      "p",
      {},
      h("strong", {}, `${counted(total, "dead letter")}.`),
      ` Given up after five tries: ${full.map((queue) => queue.queue).join(", ")}.`,
    ),
  );
}

function creditPaused(page) {
  const credit = page.data.limits?.credit;
  if (!credit?.paused_until) return null;
  return banner(
    "bad",
    { key: "credit", tools: h("a", { class: "button", href: "#/doctor" }, "Ask the doctor") },
    h(
      "p",
      {},
      h("strong", {}, "Sharing credit is paused."),
      ` Tried again ${relative(credit.paused_until)}.`,
      credit.code && [" ", h("code", {}, credit.code)],
    ),
  );
}

function budget({ onboardings, credit }) {
  const days = perDay(onboardings.new_customers.map((customer) => customer.since));
  const newest = `New customers on each of the last seven days: ${days.join(", ")}`;
  return h(
    "div",
    { class: "budget" },
    h(
      "div",
      { class: "budget-gauge" },
      gauge(onboardings.used, onboardings.limit, "new customers in seven days"),
      onboardings.full_until && h("p", { class: "note" }, `Full; the next may come ${relative(onboardings.full_until)}.`),
      h("p", { class: "spark-line" }, barline(days, newest), h("span", { class: "note", "aria-hidden": "true" }, "new a day")),
      h(
        "p",
        {},
        chip(credit.paused_until ? "paused" : "shared", {
          tone: credit.paused_until ? "bad" : "ok",
          text: credit.paused_until ? "Credit paused" : "Credit not paused",
        }),
      ),
    ),
    forecast(onboardings),
  );
}

// What is counted has an end: then the newest links of those days are missing.
const counting = ({ data }) => (data.funnel?.partial ? "last 30 days, the first links only" : "last 30 days");

function render(page) {
  return [
    heading("Overview"),
    h("div", { class: "banners" }, deadLetters(page), creditPaused(page), signups(page)),
    h(
      "section",
      { class: "card", "aria-label": "Onboardings by state" },
      h("div", { class: "card-head" }, h("h2", {}, "Onboardings by state")),
      h(
        "ul",
        { class: "tiles" },
        STATES.map((state) => tile(page, state)),
      ),
    ),
    h(
      "div",
      { class: "columns" },
      card("New customers in seven days", {}, whenKnown(page, "limits", budget, 8)),
      card("From link to ready", { note: counting(page) }, whenKnown(page, "funnel", funnel, 8)),
    ),
  ];
}

export const overview = { title: "Overview", place: "overview", sources, render };

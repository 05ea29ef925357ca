// The overview: onboardings by state, use of Meta's limit, the signup funnel, and what needs attention.

import { to } from "./addresses.js";
import { call, path, withQuery } from "./api.js";
import { confirmDialog } from "./dialog.js";
import { h } from "./dom.js";
import { forecast } from "./forecast.js";
import { funnel } from "./funnel.js";
import { gauge } from "./gauge.js";
import { banner, button, card, chip, doing, heading, whenKnown } from "./components.js";
import { barline, perDay } from "./sparkline.js";
import { absolute, relative } from "./times.js";
import { counted, readable, STATES, toneOf } from "./labels.js";

// These change slowly or are expensive to read: the funnel counts every link of a month.
const LISTS_MS = 15_000;
const FUNNEL_MS = 300_000;

function sources() {
  const lists = STATES.map((state) => [`in_${state}`, { path: withQuery(path("onboardings"), { state }), every: LISTS_MS }]);
  return {
    limits: { path: path("limits") },
    queues: { path: path("dead-letters"), every: LISTS_MS },
    funnel: { path: withQuery(path("funnel"), { days: "30" }), every: FUNNEL_MS },
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
    text: "Customers who open a signup link are asked to come back later, until signups are resumed. Onboardings in progress continue.",
    run: () => call("POST", path("signups", "pause")).then(() => page.refresh()),
  });
}

function signups(page) {
  const { signups: status } = page.data.limits ?? {};
  if (!page.data.limits)
    return h("div", { class: "banner idle", key: "signups" }, h("div", { class: "banner-text" }, h("p", {}, "Signups")));
  if (!status?.paused_since) {
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
  const since = ` Since ${absolute(status.paused_since)}.`;
  return banner(
    "warn",
    { key: "signups", tools: doing(page, "resume-signups", "Resume signups", resume, { tone: "primary", needs: "signups.resume" }) },
    h("p", {}, h("strong", {}, "Signups are paused."), ` New customers cannot connect.${since}`),
  );
}

function deadLetters(page) {
  const full = (page.data.queues?.queues ?? []).filter((queue) => queue.messages > 0);
  if (!full.length) return null;
  const total = full.reduce((sum, queue) => sum + queue.messages, 0);
  return banner(
    "bad",
    { key: "dead", tools: h("a", { class: "button", href: "#/queues" }, "View queues") },
    h(
      "p",
      {},
      h("strong", {}, `${counted(total, "dead letter")}.`),
      ` Failed five times: ${full.map((queue) => queue.queue).join(", ")}.`,
    ),
  );
}

function creditPaused(page) {
  const credit = page.data.limits?.credit;
  if (!credit?.paused_until) return null;
  return banner(
    "bad",
    { key: "credit", tools: h("a", { class: "button", href: "#/doctor" }, "Open doctor") },
    h(
      "p",
      {},
      h("strong", {}, "Sharing credit is paused."),
      ` Next attempt ${relative(credit.paused_until)}.`,
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
      onboardings.full_until && h("p", { class: "note" }, `Limit reached; the next slot becomes free ${relative(onboardings.full_until)}.`),
      h("p", { class: "spark-line" }, barline(days, newest), h("span", { class: "note", "aria-hidden": "true" }, "new per day")),
      h(
        "p",
        {},
        chip(credit.paused_until ? "paused" : "shared", {
          tone: credit.paused_until ? "bad" : "ok",
          text: credit.paused_until ? "Credit sharing paused" : "Credit sharing not paused",
        }),
      ),
    ),
    forecast(onboardings),
  );
}

// The funnel reads a limited number of links; when it is partial, the newest ones are missing.
const funnelNote = ({ data }) => (data.funnel?.partial ? "last 30 days, oldest links only" : "last 30 days");

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
      card("From link to ready", { note: funnelNote(page) }, whenKnown(page, "funnel", funnel, 8)),
    ),
  ];
}

export const overview = { title: "Overview", place: "overview", sources, render };

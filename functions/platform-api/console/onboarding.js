// One onboarding: its status, its account's status at Meta, and its timeline.

import { to } from "./addresses.js";
import { path } from "./api.js";
import { h } from "./dom.js";
import { actor, card, chip, empty, facts, heading, mono, skeleton } from "./components.js";
import { actions } from "./onboarding-actions.js";
import { pipeline, progress } from "./pipeline.js";
import { numbers, statusList } from "./reception.js";
import { ago, moment, relative } from "./times.js";
import { timeline } from "./timeline.js";
import { readable } from "./labels.js";

const sources = ({ id }) => ({ details: { path: path("onboardings", id) } });

const crumbs = () => h("nav", { class: "crumbs", "aria-label": "Breadcrumb" }, h("a", { href: "#/onboardings" }, "Onboardings"));

function status({ state, who_acts: who, message, code, since, until }) {
  return h(
    "div",
    { class: "status-line" },
    h("p", {}, chip(state), " ", actor(who), " ", h("span", { class: "note" }, ago(since))),
    message && h("p", { class: "lead" }, message),
    h(
      "p",
      { class: "note" },
      code && h("code", {}, code),
      until && [code ? " · " : "", "until ", moment(until), ` (${relative(until)})`],
    ),
  );
}

function links({ id }) {
  return h(
    "nav",
    { class: "tabs", "aria-label": "This onboarding" },
    h(
      "ul",
      {},
      h("li", {}, h("a", { href: to(["onboardings", id, "templates"]) }, "Templates")),
      h("li", {}, h("a", { href: to(["moves"], { onboarding: id }) }, "Migrations")),
    ),
  );
}

function notice({ about, who_acts: who, code, message, since, until }) {
  return h(
    "li",
    { key: `${code}-${about}` },
    h("p", {}, message),
    h("p", { class: "note" }, actor(who), " · ", h("code", {}, code), " · ", ago(since), until && [" · until ", moment(until)]),
  );
}

function about(onboarding) {
  const joined = onboarding.joined && h("a", { href: to(["onboardings", onboarding.joined]) }, onboarding.joined);
  return facts([
    ["Record", mono(onboarding.id)],
    ["Continues in", joined],
    ["Role", readable(onboarding.role.replaceAll("-", "_"))],
    ["Flow", readable(onboarding.flow)],
    ["Created", moment(onboarding.created_at)],
    ["Account", mono(onboarding.waba_id)],
    ["Business portfolio", mono(onboarding.owner_business_id)],
    ["Credit allocation", mono(onboarding.credit_allocation_id)],
    [
      "Token expires",
      onboarding.token_expires_at ? [moment(onboarding.token_expires_at), ` (${relative(onboarding.token_expires_at)})`] : null,
    ],
    ["Template namespace", mono(onboarding.template_namespace)],
  ]);
}

function body(page, details) {
  const { onboarding, steps, notices, account } = details;
  return [
    notices.length > 0 && card("Notices", { key: "notices" }, h("ul", { class: "notices" }, notices.map(notice))),
    card(
      "Steps",
      { note: progress(steps), key: "steps" },
      steps.length ? pipeline(steps, onboarding) : empty("No steps are planned."),
    ),
    h(
      "div",
      { class: "columns lean" },
      h(
        "div",
        { class: "stack" },
        numbers(page, details.numbers),
        card(
          "Timeline",
          { key: "timeline" },
          timeline(page, path("onboardings", onboarding.id, "timeline"), details.timeline, details.timeline_cursor),
        ),
      ),
      h(
        "div",
        { class: "stack" },
        card(
          "Account status at Meta",
          { key: "account" },
          Object.keys(account).length ? statusList(account) : empty("Nothing reported by Meta yet."),
        ),
        card("Record", { key: "record" }, about(onboarding)),
      ),
    ),
  ];
}

function render(page) {
  const { details } = page.data;
  if (!details) {
    const error = page.errors.details;
    return [
      heading("Onboarding", { above: crumbs() }),
      h("section", { class: "card", "aria-label": "Onboarding" }, error ? empty(error.message) : skeleton(12)),
    ];
  }
  const { onboarding } = details;
  return [
    heading(onboarding.customer_ref, {
      above: crumbs(),
      tools: actions(page, details),
      below: [status(onboarding), links(onboarding)],
    }),
    body(page, details),
  ];
}

export const onboarding = { title: "Onboarding", sources, render };

// Onboardings by state, or the results of a search.

import { to } from "./addresses.js";
import { path, withQuery } from "./api.js";
import { h } from "./dom.js";
import { actor, button, chip, empty, heading, whenKnown } from "./components.js";
import { signupLink } from "./signup-link.js";
import { ago } from "./times.js";
import { readable, STATES } from "./labels.js";

function sources({ query }) {
  const { state, search, cursor } = query;
  return { list: { path: withQuery(path("onboardings"), search ? { search } : { state, cursor }) } };
}

function tabs({ query }) {
  const current = query.search ? null : (query.state ?? "all");
  const tab = (state, text) =>
    h(
      "li",
      {},
      h(
        "a",
        {
          href: to(["onboardings"], { state: state === "all" ? null : state }),
          "aria-current": current === state ? "page" : null,
        },
        text,
      ),
    );
  return h(
    "nav",
    { class: "tabs", "aria-label": "By state" },
    h(
      "ul",
      {},
      tab("all", "All"),
      STATES.map((state) => tab(state, readable(state))),
    ),
  );
}

function searchBox({ query }) {
  const submit = (event) => {
    event.preventDefault();
    const search = new FormData(event.target).get("search").trim();
    location.hash = to(["onboardings"], { search });
  };
  return h(
    "form",
    { class: "search", role: "search", onsubmit: submit },
    h("label", { for: "search-text", class: "hidden" }, "Customer reference or exact id"),
    h("input", {
      id: "search-text",
      name: "search",
      type: "search",
      placeholder: "Customer reference or exact id",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: "128",
      value: query.search ?? "",
    }),
    h("button", { type: "submit", class: "button" }, "Search"),
  );
}

function row(onboarding) {
  return h(
    "li",
    { key: onboarding.id, class: "row" },
    h(
      "div",
      { class: "row-main" },
      h("a", { class: "row-title", href: to(["onboardings", onboarding.id]) }, onboarding.customer_ref),
      h("code", { class: "note" }, onboarding.id),
    ),
    h("div", { class: "row-state" }, chip(onboarding.state), actor(onboarding.who_acts)),
    h("p", { class: "row-text" }, onboarding.message ?? (onboarding.code ? h("code", {}, onboarding.code) : "")),
    h("p", { class: "row-time" }, ago(onboarding.since)),
  );
}

function pages({ query }, { cursor }) {
  if (!cursor && !query.cursor) return null;
  const { state } = query;
  return h(
    "nav",
    { class: "pages", "aria-label": "Pages" },
    query.cursor && h("a", { class: "button", href: to(["onboardings"], { state }) }, "First page"),
    cursor && h("a", { class: "button", href: to(["onboardings"], { state, cursor }) }, "Next page"),
  );
}

function none({ query }) {
  if (query.search) return `Nothing matches the reference or id “${query.search}”. Enter the full value.`;
  return query.state
    ? `No onboarding is in the state “${query.state}”.`
    : "There are no onboardings yet. Create a signup link for the first customer.";
}

function render(page) {
  const { route } = page;
  const draw = (list) => [
    list.onboardings.length ? h("ul", { class: "rows onboarding-rows" }, list.onboardings.map(row)) : empty(none(route)),
    pages(route, list),
  ];
  return [
    heading("Onboardings", { tools: button("New signup link", { tone: "primary", picture: "plus", needs: "session.create", onclick: signupLink }) }),
    h("div", { class: "bar-top" }, searchBox(route), tabs(route)),
    h("section", { class: "card flush", "aria-label": "Onboardings" }, whenKnown(page, "list", draw, 8)),
  ];
}

export const onboardings = { title: "Onboardings", place: "onboardings", sources, render };

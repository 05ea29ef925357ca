// Migrations of phone numbers from another provider: the list, and the form that starts one.

import { to } from "./addresses.js";
import { call, path } from "./api.js";
import { formDialog } from "./dialog.js";
import { h } from "./dom.js";
import { actor, button, chip, empty, heading, whenKnown } from "./components.js";
import { stages } from "./move-stages.js";
import { ago } from "./times.js";

const sources = () => ({ list: { path: path("moves") } });

function start(onboarding) {
  const digits = { inputmode: "numeric", pattern: "[0-9]+" };
  formDialog({
    title: "Migrate a number",
    submit: "Start migration",
    intro:
      "Meta's requirements are checked first. The number keeps working with its current provider until it is registered here.",
    fields: [
      {
        name: "onboarding_id",
        label: "Onboarding",
        value: onboarding,
        required: true,
        hint: "The id, onb_…, of the onboarding whose account receives the number.",
      },
      { name: "country_code", label: "Country code", required: true, hint: "Digits, for example 49.", maxlength: "3", ...digits },
      {
        name: "phone_number",
        label: "Phone number",
        required: true,
        hint: "Without the country code, for example 30 901820.",
        maxlength: "20",
        inputmode: "numeric",
        pattern: "[0-9 .\\(\\)\\-]+",
      },
      {
        name: "verified_name",
        label: "Display name",
        minlength: "2",
        maxlength: "75",
        hint: "Leave empty to keep the current one.",
      },
      { name: "source_waba_id", label: "Source account id", hint: "For the comparison before and after, if the platform can read it.", ...digits },
      { name: "source_phone_number_id", label: "Source number id", ...digits },
    ],
    run: async (order) => {
      const move = await call("POST", path("moves"), order);
      location.hash = to(["moves", move.move_id]);
    },
  });
}

/** The progress of a migration as a row of dots. */
function dots(move) {
  return h(
    "span",
    { class: "dots", "aria-hidden": "true" },
    stages(move).map(({ tone }) => h("span", { class: `dot ${tone}` })),
  );
}

function row(move) {
  return h(
    "li",
    { class: "row", key: move.move_id },
    h(
      "div",
      { class: "row-main" },
      h("a", { class: "row-title", href: to(["moves", move.move_id]) }, move.customer_ref),
      h("span", { class: "note" }, "Number ", h("code", {}, move.phone_number)),
    ),
    h("div", { class: "row-state" }, chip(move.state), actor(move.who_acts)),
    h("div", { class: "row-text" }, h("p", {}, move.message ?? ""), dots(move)),
    h("p", { class: "row-time" }, ago(move.since)),
  );
}

function render(page) {
  const only = page.route.query.onboarding;
  const draw = ({ moves: list }) => {
    const shown = list.filter((move) => !only || move.onboarding_id === only);
    if (shown.length) return h("ul", { class: "rows" }, shown.map(row));
    return empty(only ? "No migrations for this onboarding." : "There are no migrations yet.");
  };
  const below =
    only &&
    h(
      "p",
      {},
      "Only migrations of ",
      h("a", { href: to(["onboardings", only]) }, only),
      ". ",
      h("a", { href: "#/moves" }, "Show all"),
    );
  return [
    heading("Migrations", {
      tools: button("Migrate a number", { tone: "primary", picture: "plus", needs: "move.begin", onclick: () => start(only ?? "") }),
      below,
    }),
    h("section", { class: "card flush", "aria-label": "Migrations" }, whenKnown(page, "list", draw, 6)),
  ];
}

export const moves = { title: "Migrations", place: "moves", sources, render };

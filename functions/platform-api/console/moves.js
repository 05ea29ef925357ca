// Moves of numbers from another provider: which there are, and the start of one.

import { to } from "./addresses.js";
import { call, path } from "./api.js";
import { formDialog } from "./dialog.js";
import { h } from "./dom.js";
import { actor, button, chip, empty, heading, whenKnown } from "./marks.js";
import { stages } from "./move-stages.js";
import { ago } from "./times.js";

const sources = () => ({ list: { path: path("moves") } });

function start(onboarding) {
  const digits = { inputmode: "numeric", pattern: "[0-9]+" };
  formDialog({
    title: "Move a number here",
    submit: "Start the move",
    intro:
      "Everything that Meta wants beforehand is checked first. The number keeps working where it is until it is registered here.",
    fields: [
      {
        name: "onboarding_id",
        label: "Onboarding",
        value: onboarding,
        required: true,
        hint: "Its id, onb_…: the account the number moves to.",
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
      { name: "verified_name", label: "Display name", minlength: "2", maxlength: "75", hint: "Empty: the one it has now." },
      { name: "source_waba_id", label: "Source account id", hint: "To compare before and after, if it may be read.", ...digits },
      { name: "source_phone_number_id", label: "Source number id", ...digits },
    ],
    run: async (order) => {
      const move = await call("POST", path("moves"), order);
      location.hash = to(["moves", move.move_id]);
    },
  });
}

/** The progress of a move as a few dots. */
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
    return empty(only ? "No number is being moved to this onboarding." : "No number is being moved.");
  };
  const below =
    only &&
    h(
      "p",
      {},
      "Only those of ",
      h("a", { href: to(["onboardings", only]) }, only),
      ". ",
      h("a", { href: "#/moves" }, "Show all"),
    );
  return [
    heading("Moves", {
      tools: button("Move a number", { tone: "primary", picture: "plus", needs: "move.begin", onclick: () => start(only ?? "") }),
      below,
    }),
    h("section", { class: "card flush", "aria-label": "Moves" }, whenKnown(page, "list", draw, 6)),
  ];
}

export const moves = { title: "Moves", place: "moves", sources, render };

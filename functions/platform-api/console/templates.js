// The templates of an account: which are usable, which are not and why, and drafts that wait for submission.

import { to } from "./addresses.js";
import { call, path } from "./api.js";
import { createTemplate, editTemplate } from "./composer.js";
import { h } from "./dom.js";
import { button, card, chip, doing, empty, heading, whenKnown } from "./components.js";
import { copyTemplate, deleteTemplate, discardDraft } from "./template-actions.js";
import { ago } from "./times.js";
import { readable } from "./labels.js";

const TONES = { grey: "idle", yellow: "warn", green: "ok", red: "bad" };
const COLOURS = [
  ["", "All"],
  ["green", "Usable"],
  ["yellow", "In review"],
  ["red", "Not usable"],
  ["grey", "Deleted"],
];
// Meta allows editing in these statuses only.
const EDITABLE = ["APPROVED", "REJECTED", "PAUSED"];

const EVERY_MS = 15_000;

const sources = ({ id }) => ({
  list: { path: path("onboardings", id, "templates"), every: EVERY_MS },
  details: { path: path("onboardings", id), every: EVERY_MS },
});

function filters(page) {
  const apply = (event) => {
    page.local.filter = Object.fromEntries(new FormData(event.currentTarget));
    page.draw();
  };
  return h(
    "form",
    { class: "filters", "aria-label": "Filter", oninput: apply, onsubmit: (event) => event.preventDefault() },
    h("label", { for: "filter-text", class: "hidden" }, "Filter by name or language"),
    h("input", {
      id: "filter-text",
      name: "text",
      type: "search",
      placeholder: "Filter by name or language",
      autocomplete: "off",
    }),
    h("label", { for: "filter-colour", class: "hidden" }, "Status"),
    h(
      "select",
      { id: "filter-colour", name: "colour" },
      COLOURS.map(([value, text]) => h("option", { value }, text)),
    ),
  );
}

function wanted({ text = "", colour = "" } = {}) {
  const part = text.trim().toLowerCase();
  return (template) =>
    (!colour || template.colour === colour) && (!part || `${template.name} ${template.language}`.toLowerCase().includes(part));
}

function tools(page, id, template) {
  const { name, language, status } = template;
  const which = `${name} (${language})`;
  // A deleted template has no actions.
  if (status === "DELETED") return null;
  const small = { tone: "quiet small" };
  return h(
    "div",
    { class: "row-tools" },
    doing(page, `edit-${name}-${language}`, "Edit", () => editTemplate(page, id, template), {
      ...small,
      needs: "template.edit",
      label: `Edit ${which}`,
      disabled: !EDITABLE.includes(status),
    }),
    button("Copy", {
      ...small,
      needs: "template.copy",
      "aria-label": `Copy ${which}`,
      onclick: () => copyTemplate(page, id, template),
    }),
    button("Delete", {
      tone: "quiet small danger",
      needs: "template.delete",
      "aria-label": `Delete ${which}`,
      onclick: () => deleteTemplate(page, id, template),
    }),
  );
}

function notes({
  message,
  reason,
  correct_category: correct,
  stuck_in_review: stuck,
  quality,
  category,
  edits_last_30_days: edits,
}) {
  const parts = [
    readable(category),
    quality && quality !== "UNKNOWN" && `quality ${readable(quality).toLowerCase()}`,
    edits > 0 && `edited ${edits}× in 30 days`,
  ].filter(Boolean);
  return [
    h("p", { class: "note" }, parts.join(" · ")),
    message && reason !== "NONE" && h("p", { class: "row-say" }, message),
    correct &&
      correct !== category &&
      h("p", { class: "row-say" }, `Meta will change its category to ${readable(correct).toLowerCase()}.`),
    stuck && h("p", { class: "row-say" }, "In review for more than a day: contact Meta support."),
  ];
}

function row(page, id, template) {
  const { name, language, status, colour, changed_at: changed } = template;
  return h(
    "li",
    { class: `row edge ${TONES[colour] ?? "idle"}`, key: `${name} ${language} ${template.id}` },
    h("div", { class: "row-main" }, h("h3", { class: "row-title" }, name), h("code", { class: "note" }, language)),
    h("div", { class: "row-state" }, chip(status, { tone: TONES[colour] ?? "idle" })),
    h("div", { class: "row-text" }, notes(template)),
    h("p", { class: "row-time" }, ago(changed)),
    tools(page, id, template),
  );
}

function draftRow(page, id, draft) {
  const which = `${draft.name} (${draft.language})`;
  const discard = button("Discard", {
    tone: "quiet small danger",
    needs: "template.delete",
    "aria-label": `Discard the draft ${which}`,
    onclick: () => discardDraft(page, id, draft),
  });
  return h(
    "li",
    { class: "row edge idle", key: which },
    h("div", { class: "row-main" }, h("h3", { class: "row-title" }, draft.name), h("code", { class: "note" }, draft.language)),
    h("div", { class: "row-state" }, chip("draft")),
    h(
      "div",
      { class: "row-text" },
      h("p", { class: "note" }, readable(draft.category)),
      draft.code && h("p", { class: "row-say" }, "Not submitted: ", draft.message ?? "", " ", h("code", {}, draft.code)),
    ),
    h("p", { class: "row-time" }, ago(draft.since)),
    h("div", { class: "row-tools" }, discard),
  );
}

function synced({ synced_at: at, created_last_hour: made, creations_an_hour: most }) {
  return [at ? ["Synced ", ago(at)] : "Never synced", ` · ${made} of ${most} created this hour`];
}

function body(page, id, list) {
  const shown = list.templates.filter(wanted(page.local.filter));
  const none = list.templates.length ? "No templates match the filter." : "This account has no templates yet.";
  return [
    list.drafts.length > 0 &&
      card(
        "Drafts",
        { key: "drafts", note: "submitted as soon as the account is ready" },
        h(
          "ul",
          { class: "rows template-rows" },
          list.drafts.map((draft) => draftRow(page, id, draft)),
        ),
      ),
    card(
      "Templates",
      { key: "templates", note: synced(list), tools: filters(page) },
      shown.length
        ? h(
            "ul",
            { class: "rows template-rows" },
            shown.map((template) => row(page, id, template)),
          )
        : empty(none),
    ),
  ];
}

function render(page) {
  const { id } = page.route;
  const name = page.data.details?.onboarding.customer_ref ?? id;
  const crumbs = h(
    "nav",
    { class: "crumbs", "aria-label": "Breadcrumb" },
    h("a", { href: "#/onboardings" }, "Onboardings"),
    h("a", { href: to(["onboardings", id]) }, name),
  );
  const refresh = async () => {
    await call("POST", path("onboardings", id, "templates", "refresh"));
    return "Reading the template list from Meta.";
  };
  return [
    heading("Templates", {
      above: crumbs,
      tools: [
        doing(page, "refresh", "Refresh", refresh, { needs: "template.refresh" }),
        button("New template", {
          tone: "primary",
          picture: "plus",
          needs: "template.create",
          onclick: () => createTemplate(page, id),
        }),
      ],
    }),
    whenKnown(page, "list", (list) => body(page, id, list), 8),
  ];
}

export const templates = { title: "Templates", sources, render };

// Form fields, each with its label and hint.

import { h } from "./dom.js";

let count = 0;

function control(spec, id, hintId) {
  const { type = "text", options, value, name, label, hint, key, ...more } = spec;
  const common = { id, name, "aria-describedby": hintId, ...more };
  if (options) {
    const option = ([key, text]) => h("option", { value: key, selected: key === (value ?? "") }, text);
    return h("select", common, options.map(option));
  }
  if (type === "textarea") return h("textarea", { rows: "5", ...common }, value ?? "");
  return h("input", { type, autocomplete: "off", spellcheck: "false", value: value ?? "", ...common });
}

/** A labelled field: `{name, label, hint?, type?, options?, value?}` and any attributes. */
export function field(spec) {
  const id = `field-${(count += 1)}`;
  const hintId = spec.hint ? `${id}-hint` : null;
  const mark = spec.required || spec.readonly || spec.options ? null : h("span", { class: "optional" }, " (optional)");
  return h(
    "div",
    { class: "field", key: spec.key ?? null },
    h("label", { for: id }, spec.label, mark),
    control(spec, id, hintId),
    spec.hint && h("p", { class: "note", id: hintId }, spec.hint),
  );
}

/** The form's values, trimmed; empty fields are left out. */
export function values(form) {
  const given = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]);
  return Object.fromEntries(given.filter(([, value]) => value !== ""));
}

// Components shared by the views: chips, status indicators, cards, fact lists, empty and loading states.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { may } from "./rights.js";
import { actorName, readable, toneOf } from "./labels.js";

/** A state as a coloured label with a dot: never colour alone. */
export const chip = (state, { tone = toneOf(state), text = readable(state) } = {}) =>
  h("span", { class: `chip ${tone}` }, h("span", { class: "dot", "aria-hidden": "true" }), text);

export const actor = (who) => (who ? h("span", { class: "actor" }, `Waiting for ${actorName(who)}`) : null);

const INDICATORS = {
  true: ["ok", "done", "OK"],
  false: ["bad", "missing", "Failed"],
  null: ["idle", "unknown", "Unknown"],
};

/** A status indicator: OK, failed or unknown. */
export function indicator(ok) {
  const [tone, picture, text] = INDICATORS[String(ok ?? null)];
  return h("span", { class: `light ${tone}`, role: "img", "aria-label": text }, icon(picture));
}

/** A section with a heading. */
export function card(title, { tools = null, note = null, key = title, wide = false } = {}, ...content) {
  return h(
    "section",
    { class: wide ? "card wide" : "card", key, "aria-label": title },
    h(
      "div",
      { class: "card-head" },
      h("h2", {}, title),
      note && h("p", { class: "note" }, note),
      tools && h("div", { class: "tools" }, tools),
    ),
    content,
  );
}

/** Name and value pairs; those without a value are left out. */
export const facts = (pairs) =>
  h(
    "dl",
    { class: "facts" },
    pairs.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );

export const empty = (sentence) => h("p", { class: "empty" }, sentence);

export const banner = (tone, { key, tools = null }, ...content) =>
  h("div", { class: `banner ${tone}`, key }, h("div", { class: "banner-text" }, content), tools);

/** A loading placeholder of about the height of its content, so that the layout does not shift. */
export const skeleton = (lines = 3) =>
  h(
    "div",
    { class: "skeleton", "aria-hidden": "true" },
    Array.from({ length: lines }, () => h("div", {})),
  );

/** Draws the value once it is loaded; until then a skeleton, or the error. */
export function whenKnown(page, name, draw, lines) {
  if (page.data[name] !== undefined) return draw(page.data[name]);
  const error = page.errors[name];
  return error ? h("p", { class: "empty failed" }, error.message) : skeleton(lines);
}

export const mono = (text) => (text ? h("code", {}, text) : null);

/** The header of a view. */
export const heading = (title, { above = null, tools = null, below = null } = {}) =>
  h(
    "header",
    { class: "head" },
    above,
    h("div", { class: "head-row" }, h("h1", { tabindex: "-1" }, title), tools && h("div", { class: "tools" }, tools)),
    below,
  );

/** A button; with `needs`, it is shown only to those who may perform that operation. */
export const button = (text, { tone = "", picture = null, needs = null, ...properties } = {}) =>
  (needs === null || may(needs)) &&
  h("button", { type: "button", class: `button ${tone}`, ...properties }, picture && icon(picture), text);

/** Marks a button as inactive without `disabled`, which would lose the keyboard focus. */
export const inactive = (page, key, blocked = false) => ({
  "aria-disabled": blocked || page.pending.has(key) ? "true" : null,
  "aria-busy": page.pending.has(key) ? "true" : null,
});

/** A button whose action does not run twice at the same time. */
export const doing = (page, key, text, run, { tone, needs = null, label = null, disabled = false } = {}) =>
  button(text, {
    tone,
    needs,
    key: `do-${key}`,
    "aria-label": label,
    ...inactive(page, key, disabled),
    onclick: () => disabled || page.act(key, run),
  });

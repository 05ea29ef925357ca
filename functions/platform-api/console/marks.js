// The small things every view is made of: chips, lights, cards, facts, empty and loading states.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { may } from "./rights.js";
import { actorName, readable, toneOf } from "./words.js";

/** A state as a coloured word with a dot: never colour alone. */
export const chip = (word, { tone = toneOf(word), text = readable(word) } = {}) =>
  h("span", { class: `chip ${tone}` }, h("span", { class: "dot", "aria-hidden": "true" }), text);

export const actor = (who) => (who ? h("span", { class: "actor" }, `${actorName(who)} acts`) : null);

const LIGHTS = {
  true: ["ok", "done", "In order"],
  false: ["bad", "missing", "Not in order"],
  null: ["idle", "unknown", "Not known"],
};

/** A light: green, red, or nobody knows. */
export function light(ok) {
  const [tone, picture, text] = LIGHTS[String(ok ?? null)];
  return h("span", { class: `light ${tone}`, role: "img", "aria-label": text }, icon(picture));
}

/** A part of a view under a heading. */
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

/** Pairs of a name and what is known; those without a value are left out. */
export const facts = (pairs) =>
  h(
    "dl",
    { class: "facts" },
    pairs.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );

export const empty = (sentence) => h("p", { class: "empty" }, sentence);

export const banner = (tone, { key, tools = null }, ...content) =>
  h("div", { class: `banner ${tone}`, key }, h("div", { class: "banner-text" }, content), tools);

/** What stands where something will: it has about its height, so that nothing jumps. */
export const skeleton = (lines = 3) =>
  h(
    "div",
    { class: "skeleton", "aria-hidden": "true" },
    Array.from({ length: lines }, () => h("div", {})),
  );

/** The value once it is there; until then a skeleton, or why it cannot be had. */
export function whenKnown(page, name, draw, lines) {
  if (page.data[name] !== undefined) return draw(page.data[name]);
  const error = page.errors[name];
  return error ? h("p", { class: "empty failed" }, error.message) : skeleton(lines);
}

export const mono = (text) => (text ? h("code", {}, text) : null);

/** The top of a view. */
export const heading = (title, { above = null, tools = null, below = null } = {}) =>
  h(
    "header",
    { class: "head" },
    above,
    h("div", { class: "head-row" }, h("h1", { tabindex: "-1" }, title), tools && h("div", { class: "tools" }, tools)),
    below,
  );

/** A button; one that `needs` an operation stands there for those who may do it. */
export const button = (text, { tone = "", picture = null, needs = null, ...properties } = {}) =>
  (needs === null || may(needs)) &&
  h("button", { type: "button", class: `button ${tone}`, ...properties }, picture && icon(picture), text);

/** What says of a button that it does nothing now. It is not `disabled`, which would take the keyboard's focus away. */
export const resting = (page, key, blocked = false) => ({
  "aria-disabled": blocked || page.pending.has(key) ? "true" : null,
  "aria-busy": page.pending.has(key) ? "true" : null,
});

/** A button whose work is not begun twice. */
export const doing = (page, key, text, run, { tone, needs = null, label = null, disabled = false } = {}) =>
  button(text, {
    tone,
    needs,
    key: `do-${key}`,
    "aria-label": label,
    ...resting(page, key, disabled),
    onclick: () => disabled || page.act(key, run),
  });

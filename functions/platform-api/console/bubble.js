// A template as a WhatsApp message. The text is the API's; marks like *bold* become elements, never markup.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const MARKS = [
  ["```", "code"],
  ["*", "strong"],
  ["_", "em"],
  ["~", "del"],
];

/** `*bold*`, `_italic_`, `~struck~` and monospace, as nodes. */
function marked(text, marks = MARKS) {
  if (!marks.length) return [text];
  const [[mark, tag], ...rest] = marks;
  const parts = text.split(mark);
  return parts.flatMap((part, index) => {
    const inside = index % 2 === 1;
    const closed = inside && index < parts.length - 1;
    if (closed) return [h(tag, {}, marked(part, rest))];
    return marked(inside ? mark + part : part, rest);
  });
}

/** Takes the preview's lines apart, by what the template has. */
function parts(text, { components }) {
  const find = (type) => components.find((component) => component.type === type);
  const lines = text.split("\n");
  const buttons = find("BUTTONS")?.buttons ?? [];
  const labels = buttons.length ? lines.splice(-buttons.length) : [];
  const header = find("HEADER") ? lines.shift() : null;
  const footer = find("FOOTER") ? lines.pop() : null;
  return {
    header,
    isPicture: find("HEADER") && find("HEADER").format !== "TEXT",
    body: lines.join("\n"),
    footer,
    labels,
    buttons,
  };
}

const PICTURES = { QUICK_REPLY: "reply", URL: "link", PHONE_NUMBER: "call", OTP: "copy", COPY_CODE: "copy" };

export function bubble(text, composition) {
  const { header, isPicture, body, footer, labels, buttons } = parts(text, composition);
  const label = (line) => line.replace(/^\[ /, "").replace(/ \]$/, "") || "Copy code";
  return h(
    "div",
    { class: "chat" },
    h(
      "div",
      { class: "bubble" },
      header &&
        (isPicture ? h("p", { class: "bubble-picture" }, icon("picture"), header) : h("p", { class: "bubble-header" }, header)),
      h(
        "p",
        { class: "bubble-body" },
        body.trim() ? marked(body) : h("span", { class: "bubble-empty" }, "The text appears here."),
      ),
      footer && h("p", { class: "bubble-footer" }, footer),
      labels.length > 0 &&
        h(
          "ul",
          { class: "bubble-buttons" },
          labels.map((line, index) => h("li", {}, icon(PICTURES[buttons[index].type]), label(line))),
        ),
    ),
  );
}

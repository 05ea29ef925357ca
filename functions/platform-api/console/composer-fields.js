// The form fields of a template: texts, buttons, and an example for each variable.

import { headerFields } from "./composer-media.js";
import { exampleKey, linkPlace, newButton, variables } from "./composition.js";
import { h } from "./dom.js";
import { field } from "./fields.js";
import { button } from "./components.js";
import { morphChildren } from "./morph.js";
import { readable } from "./labels.js";

const CATEGORIES = [
  ["UTILITY", "Utility"],
  ["MARKETING", "Marketing"],
  ["AUTHENTICATION", "Authentication"],
];
const KINDS = { QUICK_REPLY: "Quick reply", URL: "Link", PHONE_NUMBER: "Phone number" };
const TARGETS = { URL: ["Web address", "url"], PHONE_NUMBER: ["Phone number", "tel"] };

/** A field bound to a property of the form. */
function bound(form, spec, changed) {
  const element = field({ ...spec, value: form[spec.name] });
  element.oninput = (event) => {
    form[spec.name] = event.target.value;
    changed();
  };
  return element;
}

function examples(form, changed) {
  const places = [
    ["header", "header", form.kept.header || form.format !== "TEXT" ? "" : form.header],
    ["body", "body", form.body],
  ];
  for (const one of form.buttons) places.push([linkPlace(one), "link", one.kind === "URL" && !one.kept ? one.target : ""]);
  const wanted = places.flatMap(([place, part, text]) => variables(text).map((name) => ({ place, part, name })));
  if (!wanted.length) return null;
  const one = ({ place, part, name }) => {
    const key = exampleKey(place, name);
    const element = field({
      name: key,
      key,
      label: `Example for {{${name}}} in the ${part}`,
      value: form.examples[key],
      required: true,
    });
    element.oninput = (event) => {
      form.examples[key] = event.target.value;
      changed();
    };
    return element;
  };
  return h(
    "fieldset",
    { class: "group" },
    h("legend", {}, "Examples for Meta's reviewers"),
    h("div", { class: "pairs" }, wanted.map(one)),
  );
}

function buttonRow(form, one, index, redraw, changed) {
  const set = (member) => (event) => {
    one[member] = event.target.value;
    if (member === "target") redraw.examples();
    changed();
  };
  const remove = () => {
    form.buttons.splice(form.buttons.indexOf(one), 1);
    redraw.all();
    changed();
  };
  const kind = KINDS[one.kind] ?? one.kind;
  const out = button("Remove", { tone: "quiet", "aria-label": `Remove button ${index + 1}`, onclick: remove });
  if (one.kept) return h("div", { class: "button-row" }, h("p", {}, `${kind}: ${one.text} (unchanged)`), out);
  const label = field({
    name: `button-${index}`,
    label: `Text of button ${index + 1} (${kind.toLowerCase()})`,
    value: one.text,
    required: true,
    maxlength: "25",
  });
  label.oninput = set("text");
  const [name, type] = TARGETS[one.kind] ?? [];
  // Not type="url": a link may end with a variable, which browsers reject in a URL.
  const target =
    name &&
    field({
      name: `target-${index}`,
      label: `${name} of button ${index + 1}`,
      value: one.target,
      required: true,
      inputmode: type,
    });
  if (target) target.oninput = set("target");
  return h("div", { class: "button-row" }, label, target, out);
}

function buttons(form, redraw, changed) {
  const add = (kind) => () => {
    form.buttons.push(newButton(kind));
    redraw.all();
    changed();
  };
  const adder = ([kind, name]) =>
    button(name, { picture: "plus", "aria-label": `Add ${name.toLowerCase()} button`, onclick: add(kind) });
  return [
    form.buttons.map((one, index) => buttonRow(form, one, index, redraw, changed)),
    h("div", { class: "tools" }, Object.entries(KINDS).map(adder)),
  ];
}

function texts(form, upload, changed) {
  const line = () => bound(form, { name: "header", label: "Header", maxlength: "60" }, changed);
  const header = headerFields(form, line, upload, changed);
  const others = form.kept.others.map(({ component }) => readable(component.type).toLowerCase()).join(", ");
  return [
    header,
    others && h("p", { class: "note" }, `Also unchanged: ${others}.`),
    bound(
      form,
      {
        name: "body",
        label: "Body",
        type: "textarea",
        required: true,
        maxlength: "1024",
        hint: "Variables: {{1}}, {{2}} or {{order_id}}. *Bold*, _italic_, ~strikethrough~.",
      },
      changed,
    ),
    bound(form, { name: "footer", label: "Footer", maxlength: "60" }, changed),
  ];
}

function identity(form, isNew, changed) {
  return [
    bound(
      form,
      {
        name: "name",
        label: "Name",
        required: true,
        readonly: !isNew,
        maxlength: "512",
        hint: isNew ? "Lower-case letters, digits and underscores." : null,
      },
      changed,
    ),
    h(
      "div",
      { class: "pairs" },
      bound(
        form,
        {
          name: "language",
          label: "Language",
          required: true,
          readonly: !isNew,
          maxlength: "16",
          hint: isNew ? "For example en_US or pt_BR." : null,
        },
        changed,
      ),
      bound(form, { name: "category", label: "Category", options: CATEGORIES }, changed),
    ),
  ];
}

/** The fields; `onChange` is called after every change, `upload` uploads a sample file and returns its handle. */
export function templateFields(form, isNew, upload, onChange) {
  const [own, sample, list] = [h("div", { class: "group" }), h("div", {}), h("fieldset", { class: "group" })];
  const changed = () => {
    own.hidden = form.category === "AUTHENTICATION";
    hint.hidden = !own.hidden;
    // Hidden fields must not block submission.
    for (const control of own.querySelectorAll("input, textarea")) control.disabled = own.hidden;
    onChange();
  };
  const redraw = {
    examples: () => morphChildren(sample, examples(form, changed)),
    all: () => {
      list.replaceChildren(h("legend", {}, "Buttons"), ...buttons(form, redraw, changed).flat());
      redraw.examples();
    },
  };
  const withExamples = () => {
    redraw.examples();
    changed();
  };
  const hint = h(
    "p",
    { class: "note", hidden: true },
    "Meta provides the text of authentication templates: a code and a button that copies it.",
  );
  own.append(...texts(form, upload, withExamples).filter(Boolean), list, sample);
  redraw.all();
  own.hidden = form.category === "AUTHENTICATION";
  hint.hidden = !own.hidden;
  return [identity(form, isNew, changed), hint, own];
}

// Writing a template: a form beside the message as it will look and what Meta would say to it.

import { call, path } from "./api.js";
import { bubble } from "./bubble.js";
import { templateFields } from "./composer-fields.js";
import { blank, compose, read } from "./composition.js";
import { busily, openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { button, empty, light } from "./marks.js";
import { morphChildren } from "./morph.js";
import { say } from "./toast.js";
import { readable } from "./words.js";

const PATIENCE_MS = 400;

function finding({ place, refused, message }) {
  return h(
    "li",
    { class: refused ? "bad" : "warn" },
    h("strong", {}, readable(place), ": "),
    message,
    refused ? null : " (a hint)",
  );
}

function findings(list) {
  if (!list.length) return h("p", { class: "fine" }, light(true), " Nothing to object to.");
  return h("ul", { class: "findings" }, [...list].sort((a, b) => b.refused - a.refused).map(finding));
}

/** The live preview: asks once at a time, and only a moment after the last key. */
function previewer(form, shown, said) {
  let [timer, asking, again] = [0, false, false];
  const draw = (preview, composition) => {
    morphChildren(shown, bubble(preview.text, composition));
    morphChildren(said, findings(preview.findings));
  };
  const ask = async () => {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    const composition = compose(form);
    try {
      draw(await call("POST", path("templates", "preview"), composition), composition);
    } catch (error) {
      morphChildren(said, empty(error.message));
    }
    asking = false;
    if (again) {
      again = false;
      ask();
    }
  };
  return () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PATIENCE_MS);
  };
}

async function submit(page, id, form, isNew, said) {
  const { name, language, ...parts } = compose(form);
  try {
    if (isNew) {
      const made = await call("POST", path("onboardings", id, "templates"), { name, language, ...parts });
      say(made?.status ? "The template is submitted for review." : "The template is kept until the account can take it.");
    } else {
      await call("PATCH", path("onboardings", id, "templates", name, language), parts);
      say("The template is in review again.");
    }
    page.refresh();
  } catch (error) {
    if (error.findings?.length) morphChildren(said, findings(error.findings));
    throw error;
  }
}

function content(page, id, form, isNew, { close, dialog }) {
  const shown = h("div", { class: "preview-shown" }, bubble("", compose(form)));
  const said = h("div", { class: "preview-said", role: "status" });
  const look = previewer(form, shown, said);
  const send = h("button", { type: "submit", class: "button primary" }, isNew ? "Submit for review" : "Save changes");
  const element = h(
    "form",
    { class: "form composer" },
    h("div", { class: "composer-fields" }, templateFields(form, isNew, look)),
    h(
      "section",
      { class: "preview", "aria-label": "Preview" },
      h("h3", {}, "Preview"),
      shown,
      h("h3", {}, "What Meta would say"),
      said,
    ),
    h("div", { class: "dialog-foot" }, button("Cancel", { onclick: close }), send),
  );
  element.onsubmit = (event) => {
    event.preventDefault();
    busily(dialog, send, () => submit(page, id, form, isNew, said).then(() => dialog.close()));
  };
  look();
  return element;
}

function open(page, id, form, isNew) {
  openDialog(isNew ? "New template" : `Edit ${form.name}`, (close, dialog) => content(page, id, form, isNew, { close, dialog }), {
    wide: true,
  });
}

export const createTemplate = (page, id) => open(page, id, blank(), true);

/** Reads the template with its parts first: the list does not have them. */
export async function editTemplate(page, id, { name, language }) {
  const template = await call("GET", path("onboardings", id, "templates", name, language));
  // Whoever went elsewhere meanwhile does not want it any more.
  if (!page.stopped) open(page, id, read(template), false);
}

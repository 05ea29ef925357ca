// The template editor: a form beside a live preview of the message and the findings of the pre-submission checks.

import { call, path } from "./api.js";
import { bubble } from "./bubble.js";
import { templateFields } from "./composer-fields.js";
import { blank, compose, read } from "./composition.js";
import { busily, openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { button, empty, indicator } from "./components.js";
import { morphChildren } from "./morph.js";
import { say } from "./toast.js";
import { readable } from "./labels.js";

const DEBOUNCE_MS = 400;

function finding({ place, refused, message }) {
  return h(
    "li",
    { class: refused ? "bad" : "warn" },
    h("strong", {}, readable(place), ": "),
    message,
    refused ? null : " (warning)",
  );
}

function findings(list) {
  if (!list.length) return h("p", { class: "fine" }, indicator(true), " No problems found.");
  return h("ul", { class: "findings" }, [...list].sort((a, b) => b.refused - a.refused).map(finding));
}

/** The live preview: one request at a time, sent shortly after the last change. */
function previewer(form, shown, report) {
  let [timer, isLoading, again] = [0, false, false];
  const draw = (preview, composition) => {
    morphChildren(shown, bubble(preview.text, composition));
    morphChildren(report, findings(preview.findings));
  };
  const load = async () => {
    if (isLoading) {
      again = true;
      return;
    }
    isLoading = true;
    const composition = compose(form);
    try {
      draw(await call("POST", path("templates", "preview"), composition), composition);
    } catch (error) {
      morphChildren(report, empty(error.message));
    }
    isLoading = false;
    if (again) {
      again = false;
      load();
    }
  };
  return () => {
    clearTimeout(timer);
    timer = setTimeout(load, DEBOUNCE_MS);
  };
}

async function submit(page, id, form, isNew, report) {
  const { name, language, ...parts } = compose(form);
  try {
    if (isNew) {
      const made = await call("POST", path("onboardings", id, "templates"), { name, language, ...parts });
      const waits = "The template is saved and will be submitted when the account is ready.";
      say(made?.status ? "The template was submitted for review." : waits);
    } else {
      await call("PATCH", path("onboardings", id, "templates", name, language), parts);
      say("The template was sent back to review.");
    }
    page.refresh();
  } catch (error) {
    if (error.findings?.length) morphChildren(report, findings(error.findings));
    throw error;
  }
}

/** Uploads a sample file to Meta and returns its handle. */
const uploader = (id) => async (file) => (await call("POST", path("onboardings", id, "template-samples"), file)).handle;

function content(page, id, form, isNew, { close, dialog }) {
  const shown = h("div", { class: "preview-shown" }, bubble("", compose(form)));
  const report = h("div", { class: "preview-said", role: "status" });
  const refresh = previewer(form, shown, report);
  const send = h("button", { type: "submit", class: "button primary" }, isNew ? "Submit for review" : "Save changes");
  const element = h(
    "form",
    { class: "form composer" },
    h("div", { class: "composer-fields" }, templateFields(form, isNew, uploader(id), refresh)),
    h(
      "section",
      { class: "preview", "aria-label": "Preview" },
      h("h3", {}, "Preview"),
      shown,
      h("h3", {}, "Findings"),
      report,
    ),
    h("div", { class: "dialog-foot" }, button("Cancel", { onclick: close }), send),
  );
  element.onsubmit = (event) => {
    event.preventDefault();
    busily(dialog, send, () => submit(page, id, form, isNew, report).then(() => dialog.close()));
  };
  refresh();
  return element;
}

function open(page, id, form, isNew) {
  openDialog(isNew ? "New template" : `Edit ${form.name}`, (close, dialog) => content(page, id, form, isNew, { close, dialog }), {
    wide: true,
  });
}

export const createTemplate = (page, id) => open(page, id, blank(), true);

/** Reads the template first: the list does not include components. */
export async function editTemplate(page, id, { name, language }) {
  const template = await call("GET", path("onboardings", id, "templates", name, language));
  // The operator may have left this view while the request was running.
  if (!page.stopped) open(page, id, read(template), false);
}

// Copies and deletes templates, and discards drafts.

import { call, path } from "./api.js";
import { confirmDialog, formDialog } from "./dialog.js";
import { say } from "./toast.js";

export function copyTemplate(page, id, { name, language }) {
  formDialog({
    title: `Copy ${name}`,
    submit: "Copy",
    intro: "The copy is submitted for review like a new template. Sample files are taken along.",
    fields: [
      { name: "name", label: "Name", value: name, required: true, maxlength: "512" },
      { name: "language", label: "Language", value: language, required: true, maxlength: "16" },
      { name: "onboarding_id", label: "For another onboarding", hint: "The onboarding id, onb_…; leave empty for this account." },
    ],
    run: async (copy) => {
      const made = await call("POST", path("onboardings", id, "templates", name, language, "copy"), copy);
      const waits = "The copy is saved and will be submitted when the account is ready.";
      say(made?.status ? "The copy was submitted for review." : waits);
      page.refresh();
    },
  });
}

const remove =
  (page, id, { name, language }, message) =>
  async () => {
    await call("DELETE", path("onboardings", id, "templates", name, language));
    say(message);
    page.refresh();
  };

export function deleteTemplate(page, id, template) {
  confirmDialog({
    title: `Delete ${template.name}?`,
    submit: "Delete template",
    text: `It is deleted at Meta in the language ${template.language}. Messages that use it will fail.`,
    run: remove(page, id, template, "The template was deleted."),
  });
}

export function discardDraft(page, id, draft) {
  confirmDialog({
    title: `Discard the draft ${draft.name}?`,
    submit: "Discard draft",
    text: "It will not be submitted to Meta.",
    run: remove(page, id, draft, "The draft was discarded."),
  });
}

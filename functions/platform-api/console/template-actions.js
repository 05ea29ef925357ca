// Copying and deleting templates.

import { call, path } from "./api.js";
import { confirmDialog, formDialog } from "./dialog.js";
import { say } from "./toast.js";

export function copyTemplate(page, id, { name, language }) {
  formDialog({
    title: `Copy ${name}`,
    submit: "Copy",
    intro: "The copy is submitted for review like a new template.",
    fields: [
      { name: "name", label: "Name", value: name, required: true, maxlength: "512" },
      { name: "language", label: "Language", value: language, required: true, maxlength: "16" },
      { name: "onboarding_id", label: "For another onboarding", hint: "Its id, onb_…; empty for this account." },
    ],
    run: async (copy) => {
      const made = await call("POST", path("onboardings", id, "templates", name, language, "copy"), copy);
      say(made?.status ? "The copy is submitted for review." : "The copy is kept until the account can take it.");
      page.refresh();
    },
  });
}

const remove =
  (page, id, { name, language }, said) =>
  async () => {
    await call("DELETE", path("onboardings", id, "templates", name, language));
    say(said);
    page.refresh();
  };

export function deleteTemplate(page, id, template) {
  confirmDialog({
    title: `Delete ${template.name}?`,
    submit: "Delete template",
    text: `It is deleted at Meta in the language ${template.language}. Messages that use it fail from then on.`,
    run: remove(page, id, template, "The template is deleted."),
  });
}

export function giveUpDraft(page, id, draft) {
  confirmDialog({
    title: `Give up the draft ${draft.name}?`,
    submit: "Give up draft",
    text: "It is not submitted when the account can take it.",
    run: remove(page, id, draft, "The draft is given up."),
  });
}

// The header of a template: a line of text, or a file whose sample is uploaded to Meta.

import { h } from "./dom.js";
import { field } from "./fields.js";
import { complain } from "./toast.js";

const FORMATS = [
  ["TEXT", "Text"],
  ["IMAGE", "Image"],
  ["VIDEO", "Video"],
  ["DOCUMENT", "Document"],
];
const TYPES = { IMAGE: "image/jpeg,image/png", VIDEO: "video/mp4", DOCUMENT: "application/pdf" };

const WANTED = "Meta's reviewers need a sample: a JPEG, PNG, MP4 or PDF file of up to 4 MiB.";

function samplePicker(form, upload, changed) {
  const said = h("p", { class: "note", role: "status" }, form.sample ? "The sample is uploaded." : WANTED);
  const picker = field({ name: "sample", label: "Sample file", type: "file", accept: TYPES[form.format], required: !form.sample });
  picker.oninput = async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    const { format } = form;
    form.sample = "";
    said.textContent = "Uploading…";
    try {
      const handle = await upload(file);
      // Another format may have been chosen while the file was on its way.
      if (form.format !== format) return;
      form.sample = handle;
      said.textContent = "The sample is uploaded.";
    } catch (error) {
      said.textContent = WANTED;
      event.target.value = "";
      complain(error);
    }
    changed();
  };
  return [picker, said];
}

/** The fields of the header; `line` makes the field of its text. */
export function headerFields(form, line, upload, changed) {
  if (form.kept.header) {
    const format = String(form.kept.header.format).toLowerCase();
    return h("p", { class: "note" }, `The header (${format}) stays unchanged; its file is taken along.`);
  }
  const rest = h("div", { class: "group" });
  const draw = () => rest.replaceChildren(...(form.format === "TEXT" ? [line()] : samplePicker(form, upload, changed)));
  const choice = field({ name: "format", label: "Header type", options: FORMATS, value: form.format });
  choice.oninput = (event) => {
    form.format = event.target.value;
    form.sample = "";
    draw();
    changed();
  };
  draw();
  return h("div", { class: "group" }, choice, rest);
}

// Converts between the form's model of a template and Meta's. Parts that the form does not support stay unchanged.

const PARTS = ["HEADER", "BODY", "FOOTER", "BUTTONS"];
const VARIABLE = /\{\{\s*([^{}]+?)\s*\}\}/g;

/** The distinct variable names of a text in order of appearance, or in numeric order if all are numbers. */
export function variables(text) {
  const names = [...new Set([...(text ?? "").matchAll(VARIABLE)].map((match) => match[1]))];
  return names.every((name) => /^\d+$/.test(name)) ? names.sort((a, b) => a - b) : names;
}

export const blank = () => ({
  name: "",
  language: "en_US",
  category: "UTILITY",
  format: "TEXT",
  header: "",
  sample: "",
  body: "",
  footer: "",
  buttons: [],
  examples: {},
  kept: { header: null, others: [] },
});

let count = 0;

/** A button of the form; its id stays the same when buttons before it are removed. */
export const newButton = (kind, more = {}) => ({ id: (count += 1), kind, text: "", target: "", ...more });

/** The place name under which the examples of a button's URL are stored. */
export const linkPlace = (button) => `link${button.id}`;

const isNamed = (form) => [form.header, form.body].flatMap(variables).some((name) => !/^\d+$/.test(name));

/** The key under which an example is stored: a header and a body may both have a {{1}}. */
export const exampleKey = (place, name) => `${place} ${name}`;

// Positional examples stop at the first gap: Meta assigns them by position.
function given(form, place, names) {
  const values = names.map((name) => form.examples[exampleKey(place, name)] ?? "");
  const gap = values.indexOf("");
  return gap < 0 ? values : values.slice(0, gap);
}

function examplesOf(form, place, text, named) {
  const names = variables(text);
  const values = given(form, place, names);
  if (!values.length) return {};
  if (named) {
    return {
      example: { [`${place}_text_named_params`]: values.map((example, index) => ({ param_name: names[index], example })) },
    };
  }
  return { example: { [`${place}_text`]: place === "body" ? [values] : values } };
}

function buttonOf(form, button) {
  const { kind, text, target, kept, more } = button;
  if (kept) return kept;
  if (kind === "URL") {
    const example = given(form, linkPlace(button), variables(target));
    return { ...more, type: kind, text, url: target, ...(example.length ? { example } : {}) };
  }
  return { ...more, type: kind, text, ...(kind === "PHONE_NUMBER" ? { phone_number: target } : {}) };
}

/** A component's type in upper case, as in `PARTS`. */
const typeOf = (component) => String(component.type).toUpperCase();

/** The form's components, each followed by the unsupported components that came after it in the original. */
const withOthers = (form, list) =>
  ["", ...PARTS].flatMap((part) => [
    ...list.filter((component) => typeOf(component) === part),
    ...form.kept.others.filter(({ after }) => after === part).map(({ component }) => component),
  ]);

const mediaHeader = ({ format, sample }) => ({
  type: "HEADER",
  format,
  example: { header_handle: sample ? [sample] : [] },
});

function components(form, named) {
  if (form.category === "AUTHENTICATION") {
    const otp = { type: "OTP", otp_type: "COPY_CODE" };
    return (
      form.kept.components ?? [
        { type: "BODY", add_security_recommendation: true },
        { type: "BUTTONS", buttons: [otp] },
      ]
    );
  }
  const list = [];
  if (form.kept.header) list.push(form.kept.header);
  else if (form.format !== "TEXT") list.push(mediaHeader(form));
  else if (form.header)
    list.push({ type: "HEADER", format: "TEXT", text: form.header, ...examplesOf(form, "header", form.header, named) });
  list.push({ type: "BODY", text: form.body, ...examplesOf(form, "body", form.body, named) });
  if (form.footer) list.push({ type: "FOOTER", text: form.footer });
  // Meta requires quick replies to be grouped together.
  const replies = form.buttons.filter((button) => button.kind === "QUICK_REPLY");
  const others = form.buttons.filter((button) => button.kind !== "QUICK_REPLY");
  const buttons = [...replies, ...others].map((button) => buttonOf(form, button));
  if (buttons.length) list.push({ type: "BUTTONS", buttons });
  return withOthers(form, list);
}

/** The request body for the API. */
export function compose(form) {
  const named = isNamed(form);
  const { name, language, category } = form;
  return { name, language, category, ...(named ? { parameter_format: "NAMED" } : {}), components: components(form, named) };
}

function readExamples(form, place, component) {
  const example = component?.example ?? {};
  for (const { param_name: name, example: value } of example[`${place}_text_named_params`] ?? [])
    form.examples[exampleKey(place, name)] = value;
  const list = example[`${place}_text`] ?? [];
  const values = Array.isArray(list[0]) ? list[0] : list;
  values.forEach((value, index) => (form.examples[exampleKey(place, String(index + 1))] = String(value)));
}

function readButton(form, button) {
  const { type, text = "", url, phone_number: phone, example: samples, ...more } = button;
  const kind = String(type).toUpperCase();
  if (!["QUICK_REPLY", "URL", "PHONE_NUMBER"].includes(kind)) return newButton(kind, { text: text || kind, kept: button });
  const target = url ?? phone ?? "";
  const example = [samples].flat()[0];
  const made = newButton(kind, { text, target, more });
  for (const name of variables(target)) if (example) form.examples[exampleKey(linkPlace(made), name)] = example;
  return made;
}

/** The components that the form does not support, each with the part it followed. */
function readOthers(list) {
  let after = "";
  return list.flatMap((component) => {
    if (!PARTS.includes(typeOf(component))) return [{ after, component }];
    after = typeOf(component);
    return [];
  });
}

/** Fills a form from an existing template. */
export function read({ name, language, category, components: list = [] }) {
  const form = { ...blank(), name, language, category: (category ?? "UTILITY").toUpperCase() };
  const [header, body, footer, buttons] = PARTS.map((part) => list.find((component) => typeOf(component) === part));
  form.kept.others = readOthers(list);
  if (header && String(header.format).toUpperCase() !== "TEXT") form.kept.header = header;
  else form.header = header?.text ?? "";
  if (form.category === "AUTHENTICATION") form.kept.components = list;
  form.body = body?.text ?? "";
  form.footer = footer?.text ?? "";
  readExamples(form, "header", header);
  readExamples(form, "body", body);
  form.buttons = (buttons?.buttons ?? []).map((button) => readButton(form, button));
  return form;
}

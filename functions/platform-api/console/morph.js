// Turns what is shown into what should be shown, and touches nothing that is the same: focus, scrolling, selections,
// open details and typed text stay.

const HANDLERS = ["onclick", "onchange", "oninput", "onsubmit"];

/** Makes `old` and everything in it like `wanted`; `wanted` is used up. */
export function morph(old, wanted) {
  attributes(old, wanted);
  for (const name of HANDLERS) if (old[name] !== wanted[name]) old[name] = wanted[name];
  children(old, wanted);
}

/** Makes the children of `old` like `nodes`. */
export function morphChildren(old, ...nodes) {
  const wanted = document.createDocumentFragment();
  wanted.append(...nodes.flat().filter(Boolean));
  children(old, wanted);
}

function attributes(old, wanted) {
  for (const { name, value } of [...wanted.attributes]) {
    if (name === "style" || old.getAttribute(name) === value) continue;
    old.setAttribute(name, value);
    if (name === "value" && "value" in old) old.value = value;
  }
  for (const { name } of [...old.attributes]) {
    // People open and close details.
    const theirs = name === "style" || (name === "open" && old.nodeName === "DETAILS");
    if (!theirs && !wanted.hasAttribute(name)) old.removeAttribute(name);
  }
  // By the object model: the page's policy refuses style attributes.
  if (old.style.cssText !== wanted.style.cssText) old.style.cssText = wanted.style.cssText;
}

const keyOf = (node) => (node?.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null);

function children(old, wanted) {
  const nodes = [...wanted.childNodes];
  const stay = new Set(nodes.map(keyOf));
  const known = new Map();
  for (const child of [...old.childNodes]) {
    const key = keyOf(child);
    if (key === null) continue;
    if (stay.has(key)) known.set(key, child);
    else child.remove();
  }
  let place = old.firstChild;
  for (const node of nodes) {
    const match = counterpart(node, place, known);
    if (!match) {
      old.insertBefore(node, place);
      continue;
    }
    if (match === place) place = place.nextSibling;
    else old.insertBefore(match, place);
    same(match, node);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function counterpart(node, place, known) {
  const key = keyOf(node);
  const candidate = key === null ? place : known.get(key);
  const fits = candidate && candidate.nodeName === node.nodeName && keyOf(candidate) === key;
  return fits ? candidate : null;
}

function same(old, node) {
  if (old.nodeType === Node.ELEMENT_NODE) morph(old, node);
  else if (old.nodeValue !== node.nodeValue) old.nodeValue = node.nodeValue;
}

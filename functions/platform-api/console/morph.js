// Patches the DOM to match new nodes and leaves equal nodes alone: focus, scroll position, selection, open details and
// typed text are preserved.

const HANDLERS = ["onclick", "onchange", "oninput", "onsubmit"];

/** Patches `old` and its descendants to match `wanted`, whose nodes may be moved into `old`. */
export function morph(old, wanted) {
  attributes(old, wanted);
  for (const name of HANDLERS) if (old[name] !== wanted[name]) old[name] = wanted[name];
  children(old, wanted);
}

/** Patches the children of `old` to match `nodes`. */
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
    // Whether details are open is up to the person.
    const theirs = name === "style" || (name === "open" && old.nodeName === "DETAILS");
    if (!theirs && !wanted.hasAttribute(name)) old.removeAttribute(name);
  }
  // Through the CSSOM: the page's content security policy blocks style attributes.
  if (old.style.cssText !== wanted.style.cssText) old.style.cssText = wanted.style.cssText;
}

const keyOf = (node) => (node?.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null);

function children(old, wanted) {
  const nodes = [...wanted.childNodes];
  const wantedKeys = new Set(nodes.map(keyOf));
  const known = new Map();
  for (const child of [...old.childNodes]) {
    const key = keyOf(child);
    if (key === null) continue;
    if (wantedKeys.has(key)) known.set(key, child);
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

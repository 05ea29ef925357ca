// Maps addresses to views: `#/onboardings/onb_…/templates?filter=…`.

import { doctor } from "./doctor.js";
import { messages } from "./messages.js";
import { move } from "./move.js";
import { moves } from "./moves.js";
import { onboarding } from "./onboarding.js";
import { onboardings } from "./onboardings.js";
import { overview } from "./overview.js";
import { queues } from "./queues.js";
import { templates } from "./templates.js";

// In the order of the navigation, which shows those that have a `place`.
const VIEWS = [
  [/^\/overview$/, overview],
  [/^\/onboardings$/, onboardings],
  [/^\/onboardings\/([^/]+)$/, onboarding],
  [/^\/onboardings\/([^/]+)\/templates$/, templates],
  [/^\/messages(?:\/([^/]+))?$/, messages],
  [/^\/moves$/, moves],
  [/^\/moves\/([^/]+)$/, move],
  [/^\/queues$/, queues],
  [/^\/doctor$/, doctor],
];

/** The views that the navigation shows. */
export const PLACES = VIEWS.map(([, view]) => view).filter((view) => view.place);

export const HOME = "#/overview";

/** The view and route of a location hash, or null. */
export function find(hash) {
  const [place, query = ""] = hash.replace(/^#/, "").split("?", 2);
  for (const [pattern, view] of VIEWS) {
    const match = pattern.exec(place);
    if (!match) continue;
    const id = match[1] === undefined ? null : decoded(match[1]);
    return { view, route: { place, id, query: Object.fromEntries(new URLSearchParams(query)) } };
  }
  return null;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

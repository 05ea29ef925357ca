// Hash addresses of the console's views.

/** Builds a hash address from path parts and query values, each encoded. */
export function to(parts, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const tail = given.length ? `?${new URLSearchParams(given)}` : "";
  return `#/${parts.map(encodeURIComponent).join("/")}${tail}`;
}

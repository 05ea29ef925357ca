// Who is signed in, and what the API lets this person do. Only what is allowed is offered.

import { call, path } from "./api.js";

let me = { subject: null, client: null, scopes: [], operations: [] };

/** Asks the API. Throws what it answers instead. */
export async function learn() {
  me = await call("GET", path("me"));
}

/** Whether the person may do an operation, by its name in the API. */
export const may = (operation) => me.operations.includes(operation);

/** Whether there is anything to look at. */
export const mayLook = () => ["read", "operate", "admin"].some((scope) => me.scopes.includes(scope));

/** The person, for people. */
export const name = () => me.subject ?? me.client ?? "";

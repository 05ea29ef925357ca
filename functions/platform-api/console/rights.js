// Who is signed in, and which operations the API allows. The console offers only those.

import { call, path } from "./api.js";

let me = { subject: null, client: null, scopes: [], operations: [] };

/** Reads the rights from the API. Throws a `Problem` when that fails. */
export async function loadRights() {
  me = await call("GET", path("me"));
}

/** Whether the operator may perform an operation, by its name in the API. */
export const may = (operation) => me.operations.includes(operation);

/** Whether the operator may read anything. */
export const mayRead = () => ["read", "operate", "admin"].some((scope) => me.scopes.includes(scope));

/** The display name of the operator. */
export const name = () => me.subject ?? me.client ?? "";

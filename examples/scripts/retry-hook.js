import { consts } from "turnwire";

// A part of a session: what becomes of a tool of the product's that fails.

const MOST_RETRIES = 3;
const FIRST_WAIT_MS = 10;

/** @type {import("turnwire").ToolHooks} */
export const toolHooks = {
  onToolError({ attempt, error }) {
    // Trying again does not make a wrong request right.
    if (error.includes("refuses")) return { action: consts.HookAction.CONTINUE };
    if (attempt > MOST_RETRIES) return { action: consts.HookAction.ABORT, error: `gave up after ${attempt} tries` };
    return { action: consts.HookAction.RETRY, backoffMs: FIRST_WAIT_MS * 2 ** (attempt - 1) };
  },
};

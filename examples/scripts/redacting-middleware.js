// A part of a session: the product loads it with `loadScript` and puts it around its own engine.

/** @type {import("turnwire").MiddlewareFunction} */
async function redacts(turn, next) {
  const answer = await next(redacted(turn));
  return redacted(answer);
}

/**
 * The same turn without long numbers, which may be cards or accounts.
 * @param {import("turnwire").Turn} turn
 * @returns {import("turnwire").Turn}
 */
function redacted(turn) {
  for (const { payload } of turn.blocks) {
    if (typeof payload?.text === "string") payload.text = payload.text.replaceAll(/\d{4,}/g, "[number]");
  }
  return turn;
}

export const middlewares = [redacts];

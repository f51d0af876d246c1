import { registerHooks } from "node:module";

// A runtime without node:sqlite: importing it fails, as it does on Node 20.

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "node:sqlite") throw new Error("No such built-in module: node:sqlite");
    return next(specifier, context);
  },
});
const { sqliteStore } = await import("../../src/sqlite/index.ts");
const { isTurnError } = await import("../../src/errors.ts");
try {
  await sqliteStore({ path: ":memory:" }).transact(() => 1);
} catch (error) {
  console.log(JSON.stringify(isTurnError(error) ? { code: error.code, message: error.message } : String(error)));
}

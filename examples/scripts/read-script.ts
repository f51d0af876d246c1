import { readFileSync } from "node:fs";

/** The text of a script of this folder. It stands in for the place where tenants save theirs. */
export function readScript(name: string): string {
  return readFileSync(new URL(`./${name}.js`, import.meta.url), "utf8");
}

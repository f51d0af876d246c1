import { existsSync, readdirSync, statSync } from "node:fs";
import { projectFolder } from "./entries.ts";

/** Throws, with what to do, unless `dist/` was built from `src/` as it is now. */
export function requireFreshBuild(): void {
  if (!existsSync(`${projectFolder}dist`)) throw new Error("There is no dist/: run `npm run build` first");
  const newestSource = Math.max(...modifiedTimes("src"));
  const oldestBuilt = Math.min(...modifiedTimes("dist"));
  if (oldestBuilt < newestSource) throw new Error("dist/ is older than src/: run `npm run build` first");
}

function modifiedTimes(folder: string): number[] {
  return readdirSync(`${projectFolder}${folder}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(`${entry.parentPath}/${entry.name}`).mtimeMs);
}

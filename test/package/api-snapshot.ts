import { existsSync, readFileSync } from "node:fs";
import { describeSurface } from "./api-surface.ts";
import { projectFolder, type Entry } from "./entries.ts";

export const snapshotFolder = "test/package/snapshots";

export function snapshotFile(entry: Entry): string {
  return `${snapshotFolder}/${entry.name.replaceAll("/", "-")}.snap`;
}

/** What is checked in, or undefined. */
export function readSnapshot(entry: Entry): string | undefined {
  const file = `${projectFolder}${snapshotFile(entry)}`;
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** What the built declarations say now. */
export function currentSurface(entry: Entry): string {
  return describeSurface(entry.declarations, (file) => readFileSync(`${projectFolder}${file}`, "utf8"));
}

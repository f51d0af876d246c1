import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { currentSurface, snapshotFile, snapshotFolder } from "./api-snapshot.ts";
import { requireFreshBuild } from "./built.ts";
import { entries, projectFolder } from "./entries.ts";

// `npm run api:update`: writes the public surface of every entry, for review in the change that alters it.
requireFreshBuild();
rmSync(`${projectFolder}${snapshotFolder}`, { recursive: true, force: true });
mkdirSync(`${projectFolder}${snapshotFolder}`, { recursive: true });
for (const entry of entries) {
  writeFileSync(`${projectFolder}${snapshotFile(entry)}`, currentSurface(entry));
  console.log(`Wrote ${snapshotFile(entry)}`);
}

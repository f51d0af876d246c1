import { writeFileSync } from "node:fs";
import { projectFolder } from "../package/entries.ts";
import { bundleGuest } from "./bundle-guest.ts";

// `npm run generate`: writes what is made of the sources and checked in.
for (const { path, text } of await bundleGuest()) {
  writeFileSync(projectFolder + path, text);
  console.log(`${path}: ${text.length} characters`);
}

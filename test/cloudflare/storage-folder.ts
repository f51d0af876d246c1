import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { temporaryFolder } from "../sqlite/temporary-folder.ts";

/** Memory that looks like a disk, on Linux. */
const MEMORY = "/dev/shm";

/**
 * A folder for what objects store, and what removes it: in memory where that can be had, because each of thousands of
 * small writes would otherwise wait for the disk. A process that is killed loses nothing of it.
 */
export function storageFolder(): { readonly path: string; readonly remove: () => void } {
  try {
    accessSync(MEMORY, constants.W_OK);
  } catch {
    return temporaryFolder();
  }
  const path = mkdtempSync(`${MEMORY}/turnwire-`);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

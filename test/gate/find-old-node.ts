import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { runCommand } from "./run-command.ts";

const OLD_MAJORS = ["20", "22"];

/**
 * A Node of the oldest supported lines on this machine: the one that runs npm, or one that was installed beside it.
 * npm names its own only to the first script; to a script of a script it names the pinned one.
 */
export async function findOldNode(): Promise<string | undefined> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const name = process.platform === "win32" ? "node.exe" : "node";
  const installed = folders.filter((folder) => !folder.includes("node_modules")).map((folder) => join(folder, name));
  const candidates = new Set([process.env["npm_node_execpath"], ...installed].filter((path) => path !== undefined));
  for (const path of candidates) {
    if (existsSync(path) && OLD_MAJORS.includes(await majorOf(path))) return path;
  }
  return undefined;
}

async function majorOf(path: string): Promise<string> {
  const { stdout } = await runCommand(path, ["-p", "process.versions.node"], { timeoutMs: 10_000 });
  return stdout.split(".")[0] ?? "";
}

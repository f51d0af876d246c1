// Runs before `npm start` and `npm test`, on whatever Node the machine has: installs the locked dependencies (a newer
// Node among them) when they are missing or older than the lockfile. Says so first, because `npm run -s` is silent.
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const installed = "node_modules/.package-lock.json";
const fresh = existsSync(installed) && statSync(installed).mtimeMs >= statSync("package-lock.json").mtimeMs;
if (!fresh) {
  console.log("Installing the locked dependencies (npm ci) …");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
}
